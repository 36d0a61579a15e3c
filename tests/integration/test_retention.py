"""The end of users, on every engine: whatever a run dies of, the next ones come to the same end."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import batched
from typing import Any, cast

import pytest

from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.retention.expiry import expire_unverified
from lamina.retention.purging import purge_users
from lamina.settings import settings
from lamina.storage.item import connect
from lamina.storage.transport import Call, DynamoDb
from lamina.users import counting, service
from lamina.users.model import User
from tests.integration.engines import Dynoxide, Engine, on_each
from tests.support.aging import age, naming
from tests.support.aws import make_user
from tests.support.household import furnish

CONTEXT = RequestContext(None, "test")
READS = {"GetItem", "BatchGetItem", "Query"}

type Items = list[dict[str, Any]]


class Killed(BaseException):
    """The process ends here."""


class World:
    """Ann, deleted a month ago, Zoe, who never verified her address, and Bob, who lives; each with everything."""

    def __init__(self, engine: Engine) -> None:
        self.client = engine.client()
        self.ann, self.bob, self.zoe = (self._settled(name) for name in ("ann", "bob", "zoe"))
        service.update(self.bob.id, {"role": Role.ADMIN, "email_verified": True}, CONTEXT, if_version=lambda _: True)
        service.delete(self.ann.id, CONTEXT, if_version=lambda _: True)
        for user in (self.ann, self.bob, self.zoe):
            age(self.client, settings().table, user.id, 31)
        counting.count([counting.membership(user) for user in (self.ann, self.bob, self.zoe)])
        self.before = self.items()
        self.bobs = self.of(self.bob)

    def items(self) -> Items:
        return naming(self.client, settings().table, "")

    def of(self, user: User) -> Items:
        """All that names a user in any way, but for what the authors of others' items are called."""
        words = (user.id, user.email, f"#{user.username}")
        return [item for item in naming(self.client, settings().table, *words) if item["kind"]["S"] != "window"]

    def restore(self) -> None:
        """Put the table back to how it was made."""
        kept = {(item["pk"]["S"], item["sk"]["S"]) for item in self.before}
        keys = [{"pk": item["pk"], "sk": item["sk"]} for item in self.items()]
        new = [{"DeleteRequest": {"Key": key}} for key in keys if (key["pk"]["S"], key["sk"]["S"]) not in kept]
        for requests in batched([*new, *({"PutRequest": {"Item": item}} for item in self.before)], 25, strict=False):
            answer = self.client.batch_write_item(RequestItems={settings().table: list(requests)})
            assert not answer.get("UnprocessedItems")

    def nights(self) -> None:
        """Run what runs at night, and two days later again."""
        assert expire_unverified(lambda: True).finished
        assert purge_users(lambda: True).finished
        for user in (self.ann, self.zoe):
            age(self.client, settings().table, user.id, 2)
        assert purge_users(lambda: True).finished

    def _settled(self, name: str) -> User:
        user = make_user(name)
        furnish(user)
        return user


@pytest.fixture
def world(table: Engine) -> World:
    return World(table)


@contextmanager
def writes(*, die_after: int = 0) -> Iterator[list[str]]:
    """Note what is written meanwhile; end the process after a write that is given by its number, from 1."""
    made: list[str] = []
    client = cast("DynamoDb", connect().client)

    def before(call: Call) -> None:
        if call.operation not in READS:
            made.append(call.operation)

    def after(call: Call) -> None:
        if call.operation not in READS and len(made) == die_after:
            raise Killed

    client.before.append(before)
    client.after.append(after)
    try:
        yield made
    finally:
        client.before.remove(before)
        client.after.remove(after)


def assert_gone(world: World, user: User, reason: str) -> None:
    """Nothing names the user but the event of its end and, for a week, where it is counted: nowhere."""
    left = world.of(user)
    kinds = Counter(item["kind"]["S"] for item in left)
    assert kinds == {"event": 1, "counted": 1}, left
    by_kind = {item["kind"]["S"]: item for item in left}
    assert by_kind["event"]["event_type"]["S"] == "user.purged"
    assert reason in by_kind["event"]["data"]["S"]
    assert by_kind["counted"]["bucket"]["S"] == counting.NOWHERE
    assert all("expires_at" in item and user.email not in repr(item) for item in left)


def assert_ended(world: World) -> None:
    assert_gone(world, world.ann, "deleted")
    assert_gone(world, world.zoe, "unverified")
    assert world.of(world.bob) == world.bobs
    assert counting.total() == 1
    assert counting.total(deleted=True) == 0


def test_two_users_end_and_the_third_is_untouched(world: World) -> None:
    world.nights()
    assert_ended(world)
    world.nights()
    assert_ended(world)


@pytest.mark.parametrize("engine", on_each([Dynoxide]), indirect=True)  # the fastest: it is the order that matters
def test_a_run_that_dies_after_any_write_is_made_good_by_the_next(world: World) -> None:
    with writes() as undisturbed:
        world.nights()
    assert len(undisturbed) > 10
    for number in range(1, len(undisturbed) + 1):
        world.restore()
        with pytest.raises(Killed), writes(die_after=number):
            world.nights()
        world.nights()
        assert_ended(world)


def test_addresses_and_names_are_free_in_the_end(world: World) -> None:
    world.nights()
    assert {make_user("ann").id, make_user("zoe").id} & {world.ann.id, world.zoe.id} == set()
