"""What happens to a person, through the outbox, the bus and a queue, among its activities."""

from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, register, wait_until

pytestmark = pytest.mark.xdist_group("stack")


def types(who: Client, user: dict[str, Any], query: str = "") -> list[str]:
    answer = who.get(f"/v1/users/{user['id']}/activities{query}")
    assert answer.status == 200, answer.body
    return [activity["type"] for activity in answer.data]


def test_what_a_person_does_becomes_its_activities_within_seconds(anyone: Client, admin: Client) -> None:
    user = register(anyone)
    person = anyone.signed_in(user["email"], PASSWORD)
    changed = person.patch("/v1/users/me", {"name": "Another"}, headers={"X-Correlation-Id": "an-activity"})
    assert changed.status == 200
    wait_until(lambda: len(types(person, user)) >= 3, "three activities")
    assert types(admin, user) == ["user.updated", "session.started", "user.created"]
    (shown,) = person.get(f"/v1/users/{user['id']}/activities?type=user.updated").data
    assert (shown["actor"], shown["correlation_id"]) == (user["id"], "an-activity")
    assert shown["data"]["changed"] == ["name"]


def test_pages_of_activities_follow_each_other(anyone: Client) -> None:
    user = register(anyone)
    person = anyone.signed_in(user["email"], PASSWORD)
    for number in range(4):
        assert person.patch("/v1/users/me", {"age": number}).status == 200
    wait_until(lambda: len(types(person, user)) >= 6, "six activities")
    page = person.get(f"/v1/users/{user['id']}/activities?limit=4&type=user.*")
    following = person.follow(page, "next")
    assert [each["type"] for each in page.data + following.data] == ["user.updated"] * 4 + ["user.created"]
    assert "next" not in following.links


def test_activities_are_hidden_from_others(anyone: Client) -> None:
    user, other = register(anyone), register(anyone)
    answer = anyone.signed_in(other["email"], PASSWORD).get(f"/v1/users/{user['id']}/activities")
    assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
