"""Activities: every event of a user, once, newest first, as far as the asker may see and the time that it is kept."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from pynamodb.exceptions import PutError

from lamina import ids
from lamina.access.policy import Role
from lamina.activities import reading
from lamina.activities.items import ActivityItem
from lamina.activities.model import Filter
from lamina.activities.purging import purge
from lamina.activities.reading import read
from lamina.events.envelope import envelope
from lamina.settings import settings
from lamina.storage.batch_deletion import BatchDeletion
from lamina.users import repository
from lamina.users.model import User
from tests.roles.process import place
from tests.support.aws import Api, invoke, make_user, table_client
from tests.support.people import Person, Work, events_of, person
from tests.support.queues import batch

CONSUMER = "consumers/record_activities"
NOW = datetime.now(UTC)

pytestmark = pytest.mark.usefixtures("aws")


def happened(user: User, event_type: str = "session.ended", *, days_ago: float = 0, **fields: Any) -> dict[str, Any]:
    """An event of a user, so many days ago."""
    return {
        "id": ids.new_id(),
        "type": event_type,
        "version": 1,
        "occurred_at": ids.stamp(NOW - timedelta(days=days_ago)),
        "correlation_id": "test",
        "actor": user.id,
        "subject": user.id,
        "data": {"session_id": user.id},
        **fields,
    }


def record(*events: Mapping[str, Any]) -> list[str]:
    """Send events to the consumer, and return the messages that it wants to have again."""
    answer = invoke(place(CONSUMER), batch(CONSUMER, events))
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def ann() -> Person:
    """Somebody who has been there for longer than activities are kept."""
    ann = person("ann")
    item = repository.get(ann.id)
    assert item is not None
    created_at = {":at": {"S": ids.ago(900 * 86400)}}
    table_client().update_item(
        TableName=settings().table,
        Key={"pk": {"S": f"USER#{ann.id}"}, "sk": {"S": "USER"}},
        UpdateExpression="SET created_at = :at",
        ExpressionAttributeValues=created_at,
    )
    return ann


def listed(who: Api, user: User, query: str = "") -> list[str]:
    """The ids of all activities that a query finds, page after page by `next`."""
    found, target = [], f"/v1/users/{user.id}/activities{query}"
    while target:
        answer = who.get(target)
        assert answer.status == 200, answer.body
        found += [activity["id"] for activity in answer.data]
        target = answer.json["links"].get("next", "").removeprefix("/live")
    return found


def test_what_a_person_does_is_among_its_activities_newest_first(ann: Person) -> None:
    ann.api.patch("/v1/users/me", {"name": "Another"}, headers={"X-Correlation-Id": "mine"})
    events = [envelope(item) for item in events_of(ann.id)]
    assert record(*events) == []
    shown = ann.api.get(f"/v1/users/{ann.id}/activities").json
    assert [activity["type"] for activity in shown["data"]] == ["user.updated", "session.started", "user.created"]
    assert shown["data"][0] == {
        "id": events[-1]["id"],
        "type": "user.updated",
        "occurred_at": events[-1]["occurred_at"],
        "actor": ann.id,
        "correlation_id": "mine",
        "data": {"id": ann.id, "role": "viewer", "status": "active", "changed": ["name"]},
    }
    assert shown["meta"] == {"limit": 20, "total": None, "has_more": False, "next_cursor": None}


def test_an_event_that_comes_again_is_one_activity(ann: Person) -> None:
    event = happened(ann.user)
    assert record(event, event) == []
    assert record(event) == []
    assert listed(ann.api, ann.user) == [event["id"]]


def test_events_that_come_out_of_order_are_listed_in_order(ann: Person) -> None:
    events = [happened(ann.user, days_ago=days) for days in (3, 1, 70, 2, 40)]
    assert record(*events) == []
    newest_first = sorted(events, key=lambda event: event["occurred_at"], reverse=True)
    assert listed(ann.api, ann.user) == [event["id"] for event in newest_first]


def test_what_is_about_another_thing_is_nobodys_activity(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reading_types(), "job.started", "job")
    assert record(happened(ann.user, "job.started")) == []
    assert listed(ann.api, ann.user) == []


def reading_types() -> dict[str, str]:
    from lamina.activities import recording

    return recording.SUBJECTS


def test_an_event_of_an_unknown_type_comes_again_and_holds_up_no_other(ann: Person) -> None:
    good = happened(ann.user)
    assert record(happened(ann.user, "user.teleported"), good) == ["message-0"]
    assert listed(ann.api, ann.user) == [good["id"]]


def test_a_batch_is_written_25_at_a_time(ann: Person, work: Work) -> None:
    events = [happened(ann.user, days_ago=days / 100) for days in range(100)]
    work.of(lambda: record(*events) and None)  # type: ignore[arg-type,return-value]  # only the cost is asked for
    assert work.counts == {"BatchWriteItem": 4}


def test_activities_end_with_the_time_that_they_are_kept_for(ann: Person) -> None:
    kept, too_old = happened(ann.user, days_ago=364), happened(ann.user, days_ago=366)
    assert record(kept, too_old) == []
    (item,) = ActivityItem.scan(ActivityItem.sk.contains(kept["id"]))
    assert item.expires_at == ids.epoch_of(kept["occurred_at"]) + 365 * 86400
    assert [item.sk for item in ActivityItem.scan(ActivityItem.sk.contains(too_old["id"]))] == []


def test_what_the_table_has_not_removed_yet_is_not_shown(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = happened(ann.user, days_ago=8), happened(ann.user, days_ago=6)
    record(old, new)
    monkeypatch.setattr(reading, "settings", lambda: settings().model_copy(update={"activity_days": 7}))
    assert listed(ann.api, ann.user) == [new["id"]]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_across_months_hold_everything_once(ann: Person, limit: int) -> None:
    events = [happened(ann.user, days_ago=days) for days in (0.1, 0.2, 31, 32, 33, 100, 300)]
    record(*events)
    assert listed(ann.api, ann.user, f"?limit={limit}") == [event["id"] for event in events]


def test_from_a_page_one_comes_back_to_the_page_before(ann: Person) -> None:
    events = [happened(ann.user, days_ago=days) for days in (1, 20, 40, 60, 80)]
    record(*events)
    pages, target = [], f"/v1/users/{ann.id}/activities?limit=2"
    while target:
        pages.append(ann.api.get(target).json)
        target = pages[-1]["links"].get("next", "").removeprefix("/live")
    back = pages[2]
    for wanted in (pages[1], pages[0]):
        back = ann.api.get(back["links"]["prev"].removeprefix("/live")).json
        assert back["data"] == wanted["data"]
        assert ann.api.get(back["links"]["next"].removeprefix("/live")).json["data"]
    assert "prev" not in back["links"]


def test_from_takes_its_instant_in_and_to_leaves_its_own_out(ann: Person) -> None:
    first, middle, last = events = [happened(ann.user, days_ago=days) for days in (40, 5, 1)]
    record(*events)
    assert listed(ann.api, ann.user, f"?from={middle['occurred_at']}") == [last["id"], middle["id"]]
    assert listed(ann.api, ann.user, f"?to={middle['occurred_at']}") == [first["id"]]
    both = f"?from={first['occurred_at']}&to={last['occurred_at']}&limit=1"
    assert listed(ann.api, ann.user, both) == [middle["id"], first["id"]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("session.*", {"session.started", "session.ended"}),
        ("session.ended", {"session.ended"}),
        ("session", set()),
        ("sessions.*", {"sessions.ended"}),
        ("nothing.known", set()),
    ],
)
def test_a_type_is_one_type_or_all_that_begin_so(ann: Person, wanted: str, found: set[str]) -> None:
    record(
        *(happened(ann.user, each) for each in ("session.started", "session.ended", "sessions.ended", "mfa.disabled"))
    )
    answer = ann.api.get(f"/v1/users/{ann.id}/activities?type={wanted}")
    assert {activity["type"] for activity in answer.data} == found


def test_a_rare_type_is_found_by_pages_that_each_look_at_so_many(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_LOOKED_AT", 10)
    monkeypatch.setattr(reading, "CHUNK", 4)
    rare = [happened(ann.user, "mfa.disabled", days_ago=days) for days in (45, 90)]
    record(*rare, *(happened(ann.user, days_ago=days) for days in range(100)))
    first = ann.api.get(f"/v1/users/{ann.id}/activities?type=mfa.disabled").json
    assert (first["data"], first["meta"]["has_more"]) == ([], True)
    assert listed(ann.api, ann.user, "?type=mfa.disabled") == [event["id"] for event in rare]


def test_a_page_costs_a_query_for_each_month_that_it_looks_into(ann: Person, work: Work) -> None:
    record(*(happened(ann.user, days_ago=days / 10) for days in range(200)))
    target = f"/v1/users/{ann.id}/activities?limit=5&from={ids.ago(20 * 86400)}"
    work.of(lambda: ann.api.get(target))
    assert work.counts["Query"] <= 2


def test_a_newcomers_page_looks_into_no_month_before_it_was_there(work: Work) -> None:
    ben = person("ben")
    work.of(lambda: ben.api.get(f"/v1/users/{ben.id}/activities"))
    assert work.counts["Query"] <= 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-11-20", "from"),
        ("from=1795167000", "from"),
        ("to=2026-11-20T09:30:00", "to"),
        ("to=2026-13-20T09:30:00Z", "to"),
        ("to=0001-01-01T00:00:00%2B14:00", "to"),
        ("from=2026-11-20T09:30:00Z&to=2026-11-20T09:30:00Z", "to"),
        ("type=*", "type"),
        ("type=Session", "type"),
        ("type=session.*.x", "type"),
        ("limit=0", "limit"),
        ("cursor=abc", "cursor"),
        ("page=2", "page"),
    ],
)
def test_a_query_that_is_not_understood_is_refused_by_its_field(ann: Person, query: str, field: str) -> None:
    answer = ann.api.get(f"/v1/users/{ann.id}/activities?{query}")
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert [detail["field"] for detail in answer.error["details"]] == [field]


def test_instants_of_any_offset_are_taken(ann: Person) -> None:
    event = happened(ann.user, occurred_at="2026-11-01T12:00:00.000000Z")
    record(event)
    wanted = quote("2026-11-01T13:30:00.5+01:30")
    assert listed(ann.api, ann.user, f"?to={wanted}") == [event["id"]]


def test_a_cursor_opens_only_the_query_that_it_came_from(ann: Person) -> None:
    record(*(happened(ann.user, days_ago=days) for days in range(3)))
    cursor = ann.api.get(f"/v1/users/{ann.id}/activities?limit=1").json["meta"]["next_cursor"]
    other = person("other", Role.ADMIN)
    for target in (f"{ann.id}/activities?type=session.*&cursor={cursor}", f"{other.id}/activities?cursor={cursor}"):
        assert other.api.get(f"/v1/users/{target}").error["details"][0]["field"] == "cursor"


def test_only_the_owner_and_admins_see_them(ann: Person) -> None:
    event = happened(ann.user)
    record(event)
    assert listed(person("root", Role.ADMIN).api, ann.user) == [event["id"]]
    assert person("eve", Role.EDITOR).api.get(f"/v1/users/{ann.id}/activities").status == 403
    assert person("eva").api.get(f"/v1/users/{ids.new_id()}/activities").status == 403


def test_of_nobody_there_are_none() -> None:
    admin = person("root", Role.ADMIN)
    assert admin.api.get(f"/v1/users/{ids.new_id()}/activities").status == 404


def test_all_of_a_user_are_read_in_one_go_for_those_who_export_them(ann: Person) -> None:
    events = [happened(ann.user, days_ago=days) for days in (1, 50, 200)]
    record(*events, happened(make_user("ben")))
    user = repository.get(ann.id)
    assert user is not None
    assert [activity.id for activity in read(user)] == [event["id"] for event in events]
    assert [activity.id for activity in read(user, Filter(until=events[1]["occurred_at"]))] == [events[2]["id"]]


def test_with_a_user_go_its_activities_and_nobody_elses(ann: Person) -> None:
    record(*(happened(ann.user, days_ago=days) for days in (1, 50, 364)), happened(make_user("ben")))
    sweep = BatchDeletion(lambda: True)
    purge(ann.id, sweep)
    assert sweep.removed == {"activities": 3}
    assert [item.pk.partition("#")[2].startswith(ann.id) for item in ActivityItem.scan()] == [False]


def test_that_a_user_is_no_longer_is_no_activity(ann: Person) -> None:
    assert record(happened(ann.user, "user.purged")) == []
    assert listed(ann.api, ann.user) == []


def test_what_the_table_did_not_take_comes_again_as_a_whole(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [happened(ann.user, days_ago=days) for days in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(ActivityItem, "batch_write", refuse)
        assert record(*events) == ["message-0", "message-1", "message-2"]
    assert record(*events) == []
    assert len(listed(ann.api, ann.user)) == 3


def refuse() -> None:
    raise PutError("no")
