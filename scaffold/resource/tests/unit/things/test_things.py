"""Things over the API: who may do what with them, and what is published."""

from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.events.outbox import OutboxItem
from lamina.storage import transactions
from lamina.storage.transactions import ConditionFailed
from tests.roles.process import forget_idempotency_records
from tests.roles.things import BODY
from tests.support.aws import Api
from tests.support.people import Person, person

pytestmark = pytest.mark.usefixtures("aws")

NOBODYS = "/v1/things/0190a3f0-0000-7000-8000-000000000000"


@pytest.fixture
def admin(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("admin", Role.ADMIN)


def create(who: Person, **fields: object) -> Any:
    answer = who.api.post("/v1/things", {**BODY, **fields})
    assert answer.status == 201, answer.body
    return answer.data


def path(thing: Any) -> str:
    return f"/v1/things/{thing['id']}"


def events_of(thing: Any) -> list[tuple[str, Any]]:
    """The events of a thing, oldest first: type and data."""
    found = OutboxItem.query(f"THING#{thing['id']}", OutboxItem.sk.startswith("EVENT#"))
    return [(item.event_type, item.data) for item in found]


def test_what_is_created_is_returned_at_its_location(admin: Person) -> None:
    answer = admin.api.post("/v1/things", BODY)
    assert (answer.status, answer.data["version"]) == (201, 1)
    assert answer.data.items() >= BODY.items()
    assert answer.headers["Location"].endswith(path(answer.data))
    read = admin.api.get(path(answer.data))
    assert (read.data, read.headers["ETag"]) == (answer.data, answer.headers["ETag"])
    assert admin.api.get(path(answer.data), headers={"If-None-Match": read.headers["ETag"]}).status == 304


def test_each_change_is_an_event(admin: Person) -> None:
    thing = create(admin)
    admin.api.patch(path(thing), {"name": "Another name"})
    admin.api.delete(path(thing))
    assert events_of(thing) == [
        ("thing.created", {"id": thing["id"]}),
        ("thing.updated", {"id": thing["id"], "changed": ["name"]}),
        ("thing.deleted", {"id": thing["id"]}),
    ]
    assert admin.api.get(path(thing)).error["code"] == "NOT_FOUND"


def test_the_same_values_change_nothing(admin: Person) -> None:
    thing = create(admin)
    assert admin.api.patch(path(thing), BODY).data == thing
    assert admin.api.patch(path(thing), {}).data == thing
    assert len(events_of(thing)) == 1


def test_viewers_read_editors_write_and_admins_delete(admin: Person) -> None:
    thing = create(admin)
    statuses = {}
    for role in (Role.VIEWER, Role.EDITOR, Role.ADMIN):
        api = person(f"an.{role}", role).api
        answers = [
            api.get(path(thing)),
            api.get("/v1/things"),
            api.post("/v1/things", BODY),
            api.patch(path(thing), {"name": f"By {role}"}),
            api.delete(path(thing)),
        ]
        statuses[role] = [answer.status for answer in answers]
    assert statuses == {
        Role.VIEWER: [200, 200, 403, 403, 403],
        Role.EDITOR: [200, 200, 201, 200, 403],
        Role.ADMIN: [200, 200, 201, 200, 204],
    }
    assert Api().get("/v1/things").status == 401


def test_a_thing_that_does_not_exist_is_not_found(admin: Person) -> None:
    for answer in (admin.api.get(NOBODYS), admin.api.patch(NOBODYS, {}), admin.api.delete(NOBODYS)):
        assert (answer.status, answer.error["code"]) == (404, "NOT_FOUND")


def test_a_stale_version_is_refused(admin: Person) -> None:
    thing = create(admin)
    stale = {"If-Match": admin.api.get(path(thing)).headers["ETag"]}
    assert admin.api.patch(path(thing), {"name": "Another name"}, headers=stale).data["version"] == 2
    assert admin.api.patch(path(thing), {"name": "A third name"}, headers=stale).status == 412
    assert admin.api.delete(path(thing), headers=stale).status == 412


def test_changes_that_keep_losing_to_others_are_a_conflict(admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    thing = create(admin)

    def overtaken(**_: object) -> None:
        raise ConditionFailed({})

    monkeypatch.setattr(transactions, "write", overtaken)
    for answer in (admin.api.patch(path(thing), {"name": "Another name"}), admin.api.delete(path(thing))):
        assert (answer.status, answer.error["code"]) == (409, "CONFLICT")


def test_an_idempotency_key_creates_one_thing_even_after_a_crash(admin: Person) -> None:
    request: dict[str, Any] = {"body": BODY, "headers": {"Idempotency-Key": "one"}}
    created = admin.api.post("/v1/things", **request)
    assert admin.api.post("/v1/things", **request).headers["Idempotent-Replayed"] == "true"
    forget_idempotency_records()
    assert admin.api.post("/v1/things", **request).data == created.data
    assert len(admin.api.get("/v1/things").data) == 1


def test_a_list_is_newest_first_and_paged_both_ways(admin: Person) -> None:
    created = [create(admin, name=f"Number {number}") for number in range(5)]
    pages = [admin.api.get("/v1/things?limit=2").json]
    while "next" in pages[-1]["links"]:
        pages.append(admin.api.get(pages[-1]["links"]["next"].removeprefix("/live")).json)
    assert [each for page in pages for each in page["data"]] == created[::-1]
    assert admin.api.get(pages[1]["links"]["prev"].removeprefix("/live")).json["data"] == pages[0]["data"]


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 101}, {"name": 1}, {"unknown": "x"}])
def test_an_invalid_field_is_named(admin: Person, fields: dict[str, object]) -> None:
    thing = create(admin)
    for answer in (admin.api.post("/v1/things", {**BODY, **fields}), admin.api.patch(path(thing), fields)):
        assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
        assert [problem["field"] for problem in answer.error["details"]] == list(fields)
