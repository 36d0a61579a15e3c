"""Migrations on every engine: with writers at work, and with processes that end between any two calls."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from lamina.errors import Conflict
from lamina.events.request_context import RequestContext
from lamina.settings import settings
from lamina.users import service
from lamina.users.items import SCHEMA_VERSION
from lamina.users.model import User
from operations.migrations import running
from operations.migrations.catalog import Direction, Migration, load
from operations.migrations.rewriting import ItemFailed, Table
from operations.migrations.running import Options, Preview, StillChanging, preview, run
from operations.migrations.state import LeaseLost, Status, Store
from operations.migrations.throttle import Stopped
from tests.integration.engines import Engine
from tests.integration.population import store, users

CONTEXT = RequestContext(None, "test")
USERS = 40
LOCALE = next(each for each in load() if each.name == "0001_user_locale")
COUNTING = Migration(
    "9999_counting",
    "Counts how often it was run for an item: a second time would show.",
    "user",
    2,
    forward=lambda item: {"runs": item.get("runs", 0) + 1, "email_verified": None},
    back=lambda _: {"runs": None, "email_verified": False},
)
FAST = Options(segments=4, units_per_second=0)

type Items = dict[str, dict[str, Any]]


class Killed(BaseException):
    """The process ends here."""


class World:
    """A table of users that the previous release has written."""

    def __init__(self, engine: Engine) -> None:
        self.client = engine.client()
        self.table = Table(self.client, settings().table)
        self.users = users(USERS)
        store(self.client, self.users)
        for user in self.users:
            self.age({"pk": {"S": f"USER#{user.id}"}, "sk": {"S": "USER"}})

    def age(self, key: Mapping[str, Any]) -> None:
        """Store a user as the previous release does."""
        self.client.update_item(
            TableName=self.table.name,
            Key=key,
            UpdateExpression="SET schema_version = :one REMOVE locale",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    def items(self, kind: str = "user") -> Items:
        """All items of a kind by partition and sort key."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.table.name, ConsistentRead=True)
        found = [item for page in pages for item in page["Items"] if item["kind"]["S"] == kind]
        return {item["pk"]["S"] + item["sk"]["S"]: item for item in found}

    def others(self) -> Items:
        """All items that are neither users nor the state of a migration."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.table.name, ConsistentRead=True)
        found = [item for page in pages for item in page["Items"]]
        kinds = {"user", "migration", "migration_segment"}
        return {item["pk"]["S"] + item["sk"]["S"]: item for item in found if item["kind"]["S"] not in kinds}


class Interrupting:
    """A client that ends the process at one of its writes: before it, or after it with its response lost."""

    def __init__(self, client: Any, at: int, *, is_written: bool) -> None:
        self._client, self._left, self._is_written = client, at, is_written
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in {"put_item", "update_item"}:
            return call

        def guarded(**params: Any) -> Any:
            with self._lock:
                self._left -= 1
                is_last, is_dead = self._left == 0, self._left < 0
            if is_dead or (is_last and not self._is_written):
                raise Killed
            result = call(**params)
            if is_last:
                raise Killed
            return result

        return guarded


@pytest.fixture
def world(table: Engine) -> World:
    return World(table)


def changed(before: Items, **attributes: Any) -> Items:
    """Return what items become if these attributes are set, None for those to remove."""
    after = {key: {**item, "schema_version": {"N": "2"}, **attributes} for key, item in before.items()}
    return {key: {name: value for name, value in item.items() if value is not None} for key, item in after.items()}


def test_every_user_gets_a_locale_and_nothing_else_changes(world: World) -> None:
    before, others = world.items(), world.others()
    found = preview(world.table, LOCALE, Direction.FORWARD, options=FAST)
    assert found == Preview(found.read, USERS, frozenset({"locale"}))
    assert world.items() == before
    head = run(world.table, LOCALE, Direction.FORWARD, options=FAST)
    assert (head.status, head.changed, head.passes) == (Status.DONE, USERS, 2)
    assert world.items() == changed(before, locale={"S": "en"})
    assert world.others() == others
    assert world.items("migration_segment") == {}
    again = run(world.table, LOCALE, Direction.FORWARD, options=FAST)
    assert (again.status, again.changed, again.passes) == (Status.DONE, 0, 1)
    undone = run(world.table, LOCALE, Direction.BACK, options=FAST)
    assert (undone.status, undone.changed) == (Status.UNDONE, USERS)
    assert world.items() == before


def test_what_writers_store_meanwhile_is_kept(world: World) -> None:
    ended = threading.Event()
    written: dict[str, str] = {}

    def write(user: User) -> int:
        """Set the locale of a user as often as possible; return how often it was set."""
        count = 0
        while not ended.is_set():
            locale = ("de", "fr")[count % 2]
            try:
                service.update(user.id, {"locale": locale}, CONTEXT, if_version=lambda _: True)
            except Conflict:
                continue
            written[user.id] = locale
            count += 1
        return count

    writing = [user for user in world.users if user.deleted_at is None][:4]
    with ThreadPoolExecutor(len(writing)) as threads:
        counts = {user.id: threads.submit(write, user) for user in writing}
        try:
            head = run(world.table, LOCALE, Direction.FORWARD, options=FAST)
        finally:
            ended.set()
    assert head.status is Status.DONE
    stored = {user.id: service.get_many([user.id])[user.id] for user in world.users}
    for user in world.users:
        count = counts[user.id].result() if user.id in counts else 0
        locale = written.get(user.id, "en")
        assert (stored[user.id].locale, stored[user.id].version) == (locale, 1 + count)
    assert {item["schema_version"]["N"] for item in world.items().values()} == {str(SCHEMA_VERSION)}


@pytest.mark.parametrize("is_written", [False, True], ids=["before a write", "after a write"])
def test_a_process_that_ends_between_any_two_calls_is_continued(
    world: World, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    monkeypatch.setattr(running, "PAGE", 10)
    before = world.items()
    for at in (1, 2, 3, 5, 8, 13, 21, 34):
        table = Table(Interrupting(world.client, at, is_written=is_written), world.table.name)
        with pytest.raises(Killed):
            run(table, COUNTING, Direction.FORWARD, options=FAST)
        expire(world, COUNTING)
    head = run(world.table, COUNTING, Direction.FORWARD, options=FAST)
    assert head.status is Status.DONE
    assert world.items() == changed(before, runs={"N": "1"}, email_verified=None)


def expire(world: World, migration: Migration) -> None:
    """End the lease of a process that was killed, as time would."""
    head = Store(world.table).head(migration.name)
    if head.lease:
        head.lease_until = 0.0
        world.client.put_item(TableName=world.table.name, Item=head.raw())


def test_two_processes_do_not_run_the_same_migration(world: World) -> None:
    held = Store(world.table).acquire(LOCALE.name)
    assert held.lease_until > 0
    with pytest.raises(LeaseLost, match="another process runs 0001_user_locale; its lease ends in"):
        run(world.table, LOCALE, Direction.FORWARD, options=FAST)
    expire(world, LOCALE)
    assert run(world.table, LOCALE, Direction.FORWARD, options=FAST).changed == USERS


def test_a_process_that_has_lost_its_lease_stores_nothing_more(world: World) -> None:
    late = Store(world.table)
    head = late.acquire(LOCALE.name)
    expire(world, LOCALE)
    assert run(world.table, LOCALE, Direction.FORWARD, options=FAST).status is Status.DONE
    with pytest.raises(LeaseLost):
        late.save(head)
    late.release(head)
    assert late.head(LOCALE.name).status is Status.DONE


def test_a_run_that_is_asked_to_stop_continues_later_and_has_counted_everything(world: World) -> None:
    stop = threading.Event()
    slow = Options(segments=2, units_per_second=20)
    with pytest.raises(Stopped):
        run(world.table, COUNTING, Direction.FORWARD, options=slow, stop=stop, note=lambda *_: stop.set())
    assert Store(world.table).head(COUNTING.name).lease == ""
    assert run(world.table, COUNTING, Direction.FORWARD, options=FAST).changed == USERS
    assert {item["runs"]["N"] for item in world.items().values()} == {"1"}


class Undoing:
    """A client whose every change of a user is undone at once, as the previous release does with its next write."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.client, name)

    def update_item(self, **params: Any) -> Any:
        result = self._world.client.update_item(**params)
        self._world.age(params["Key"])
        return result


def test_a_previous_release_that_still_writes_is_reported(world: World) -> None:
    options = replace(FAST, passes=2)
    with pytest.raises(StillChanging):
        run(Table(Undoing(world), world.table.name), LOCALE, Direction.FORWARD, options=options)
    head = Store(world.table).head(LOCALE.name)
    assert (head.status, head.lease) == (Status.PENDING, "")
    assert run(world.table, LOCALE, Direction.FORWARD, options=options).status is Status.DONE


def test_a_migration_that_fails_names_the_item_and_none_of_its_values(world: World) -> None:
    failing = replace(LOCALE, forward=lambda item: {"locale": item["no such attribute"]})
    with pytest.raises(ItemFailed, match=r"0001_user_locale fails for USER#\S+ / USER: KeyError$"):
        run(world.table, failing, Direction.FORWARD, options=FAST)
    assert run(world.table, LOCALE, Direction.FORWARD, options=FAST).changed == USERS
