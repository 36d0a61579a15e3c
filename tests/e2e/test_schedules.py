"""What time fires, run by hand through the running stack, dry first: the local AWS holds it to its role."""

from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, Inside, wait_until

pytestmark = pytest.mark.xdist_group("stack")


def signed_in(anyone: Client, user: dict[str, Any]) -> Client:
    return anyone.signed_in(user["email"], PASSWORD)


def remains_of(inside: Inside, user: dict[str, Any]) -> set[str]:
    """What still names a user, by kind and type."""
    found = inside.naming(user["id"], user["email"], f"#{user['username']}")
    named = [item for item in found if item["kind"]["S"] != "window"]
    return {item.get("event_type", item["kind"])["S"] for item in named}


def recorded(inside: Inside, user: dict[str, Any]) -> set[str]:
    """The types of a user's activities."""
    found = inside.naming(f"ACTIVITY#{user['id']}")
    return {item["event_type"]["S"] for item in found}


def again(user: dict[str, Any]) -> dict[str, object]:
    """The registration of the same person another time."""
    return {**{name: user[name] for name in ("email", "username", "name")}, "password": PASSWORD}


def test_a_deleted_user_is_purged_after_a_month(
    admin: Client, anyone: Client, inside: Inside, newcomer: dict[str, Any]
) -> None:
    inside.verify(newcomer["id"])
    signed_in(anyone, newcomer)
    assert admin.delete(f"/v1/users/{newcomer['id']}").status == 204
    inside.run("PurgeUsersFunction", {})
    assert admin.post("/v1/auth/register", again(newcomer)).status == 409
    inside.age(newcomer["id"], 31)
    event = inside.run("PurgeUsersFunction", {"dry_run": True})
    assert event["finished"]
    assert event["users"] >= 1
    assert {"credentials", "sessions"} <= event["items"].keys()
    assert "user" in remains_of(inside, newcomer)

    done = inside.run("PurgeUsersFunction", {})
    assert done["users"] == event["users"]
    assert admin.post(f"/v1/users/{newcomer['id']}/restore").status == 404
    assert admin.post("/v1/auth/register", again(newcomer)).status == 201
    wait_until(lambda: "user.purged" in inside.published(newcomer["id"]), "the end is on the bus")


def test_of_a_purged_user_nothing_remains_but_the_event_of_it(
    admin: Client, inside: Inside, newcomer: dict[str, Any]
) -> None:
    # Consumers that come late are what the second look is for, a day later; here it comes at once.
    wait_until(lambda: {"one_time_token", "counted"} <= remains_of(inside, newcomer), "the consumers know the user")
    admin.delete(f"/v1/users/{newcomer['id']}")
    wait_until(lambda: recorded(inside, newcomer) == {"user.created", "user.deleted"}, "the activities are there")
    inside.age(newcomer["id"], 31)
    inside.run("PurgeUsersFunction", {})
    wait_until(lambda: "user.purged" in inside.published(newcomer["id"]), "the end is on the bus")
    inside.age(newcomer["id"], 2)
    assert inside.run("PurgeUsersFunction", {})["tombstones"] >= 1
    assert remains_of(inside, newcomer) <= {"user.purged", "counted"}


def test_an_account_that_never_proved_its_address_expires(
    anyone: Client, inside: Inside, newcomer: dict[str, Any]
) -> None:
    session = signed_in(anyone, newcomer)
    inside.age(newcomer["id"], 8)
    event = inside.run("ExpireUnverifiedFunction", {"dry_run": True})
    assert event["expired"] >= 1
    assert session.get("/v1/users/me").status == 200
    assert inside.run("ExpireUnverifiedFunction", {}) == event
    assert session.get("/v1/users/me").status == 401
    assert anyone.post("/v1/auth/register", again(newcomer)).status == 201


@pytest.mark.parametrize("name", ["SweepJobsFunction", "ReconcileCountsFunction"])
def test_the_others_run_too_dry_first(inside: Inside, name: str) -> None:
    for event in ({"dry_run": True}, {}):
        assert inside.run(name, event)["finished"]
