"""The stream's consumer that counts users."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pynamodb.connection import Connection

from functions.consumers.count_users import handler
from lamina.access.policy import Role
from lamina.storage.item import connect
from lamina.users import counting
from lamina.users.items import user_item
from lamina.users.model import Status, User

pytestmark = pytest.mark.usefixtures("aws")


def user(number: int, **fields: Any) -> User:
    base = User(
        id=f"0190c6c0-0000-7000-8000-{number:012}",
        email=f"u{number}@example.com",
        username=f"u{number}",
        name="Somebody",
        role=Role.VIEWER,
        status=Status.ACTIVE,
        created_at="2026-01-01T00:00:00.000000Z",
        updated_at="2026-01-01T00:00:00.000000Z",
        version=1,
    )
    return replace(base, **fields)


def image(of: User) -> dict[str, Any]:
    raw = user_item(of).serialize()
    return {**raw, "version": {"N": str(of.version)}}


def record(name: str, of: User, number: int = 0) -> dict[str, Any]:
    side = "OldImage" if name == "REMOVE" else "NewImage"
    return {"eventName": name, "dynamodb": {"SequenceNumber": str(number or of.version), side: image(of)}}


def deliver(*records: Mapping[str, Any]) -> Any:
    return handler({"Records": list(records)}, None)["batchItemFailures"]


def test_users_are_counted_as_they_come_change_and_go() -> None:
    first, second = user(1), user(2, role=Role.ADMIN)
    assert deliver(record("INSERT", first), record("INSERT", second)) == []
    assert (counting.total(), counting.total(role="admin")) == (2, 1)
    deliver(record("MODIFY", replace(first, role=Role.ADMIN, version=2)))
    assert (counting.total(), counting.total(role="admin")) == (2, 2)
    deliver(record("MODIFY", replace(second, deleted_at="2026-01-02T00:00:00.000000Z", version=2)))
    assert (counting.total(), counting.total(deleted=True)) == (1, 1)


def test_a_purged_user_is_taken_off_even_if_its_last_change_comes_again() -> None:
    deleted = user(1, deleted_at="2026-01-02T00:00:00.000000Z", version=2)
    deliver(record("INSERT", user(1)), record("MODIFY", deleted), record("REMOVE", deleted))
    deliver(record("MODIFY", deleted), record("REMOVE", deleted))
    assert (counting.total(), counting.total(deleted=True)) == (0, 0)


def test_a_record_that_cannot_be_read_is_reported_and_stops_no_other() -> None:
    poison = record("INSERT", user(2), number=22)
    poison["dynamodb"]["NewImage"]["role"] = {"S": "emperor"}
    bare: dict[str, Any] = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "23"}}
    failures = deliver(record("INSERT", user(1)), poison, bare, record("INSERT", user(3)))
    assert failures == [{"itemIdentifier": "22"}, {"itemIdentifier": "23"}]
    assert counting.total() == 2


def test_items_of_other_kinds_are_ignored() -> None:
    other = record("INSERT", user(1))
    other["dynamodb"]["NewImage"] = {"kind": {"S": "session"}}
    assert deliver(other) == []
    assert counting.total() == 0


def test_a_table_that_does_not_answer_brings_back_the_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise TimeoutError

    assert isinstance(connect(), Connection)
    monkeypatch.setattr(counting, "markers", down)
    with pytest.raises(TimeoutError):
        deliver(record("INSERT", user(1)))
