"""The end of a user: first it goes itself, in one transaction, and a tombstone stands until all that was its is gone.

The transaction frees its address and its name, and leaves no way back. What other items know it by its id is then
removed by their subjects, as often as it takes: the tombstone is the list of what is still to be done.
"""

from collections.abc import Callable, Sequence

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from lamina import ids
from lamina.events.catalog import USER_PURGED
from lamina.events.outbox import event
from lamina.events.request_context import RequestContext
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.keys import SHARDS, identifier_of, key, list_partition, list_position, shard_of, value_of
from lamina.storage.sharded_list import Source
from lamina.storage.transactions import ConditionFailed
from lamina.users import counting, repository
from lamina.users.counting import Standing
from lamina.users.items import GuardItem, guard_key, list_partitions, search_items, user_item
from lamina.users.model import User

LIST = "PURGED_USERS"
ATTEMPTS = 5
SETTLED_SECONDS = 25 * 3600
"""When a tombstone is looked at a second time: longer than the table's stream keeps a change."""


class TombstoneItem(Item, discriminator="tombstone"):
    """A user that was: `USER#<id>` / `TOMBSTONE`, listed by when it is to be looked at."""

    user_version = NumberAttribute()
    """The last that it had."""
    swept_at = UnicodeAttribute(null=True)
    """When all that was the user's had been removed for the first time."""


def deleted_users() -> Source:
    """Give the list of deleted users, by their creation."""
    return Source(*list_partitions("created_at", deleted=True))


def living_users() -> Source:
    """Give the list of the other users, by their creation."""
    return Source(*list_partitions("created_at"))


def tombstones() -> Source:
    """Give the list of tombstones, by when they are to be looked at."""
    return Source("gsi1", [list_partition(LIST, shard=shard) for shard in range(SHARDS)])


def before(instant: str) -> str:
    """Say where, in these lists, that ends which came before an instant."""
    return list_position(instant, "")


def users_at(positions: Sequence[str]) -> list[User]:
    """Read the users at up to 100 positions of a list."""
    return list(repository.get_many(map(identifier_of, positions)).values())


def tombstones_at(positions: Sequence[str]) -> list[TombstoneItem]:
    """Read the tombstones at up to 100 positions of their list."""
    keys = [_tombstone_key(identifier_of(position)) for position in positions]
    return list(TombstoneItem.batch_get(keys, consistent_read=True)) if keys else []


def remove(user_id: str, is_due: Callable[[User], bool], reason: str, context: RequestContext) -> TombstoneItem | None:
    """Remove a user, its guards and its search entries, and tell of it; its address and its name are free from now on.

    Args:
        user_id: whose time may have come.
        is_due: whether it has; asked of the user as it stands.
        reason: why, in a word, for `user.purged`.
        cause: of the run.

    Returns:
        What stands in its place; None if it is gone already, or is not due after all, or kept being changed.
    """
    for _ in range(ATTEMPTS):
        user = repository.get(user_id)
        if user is None or not is_due(user):
            return None
        tombstone = _tombstone(user)
        try:
            _replace(user, tombstone, reason, context)
        except ConditionFailed:
            continue
        return tombstone
    return None


def settle(tombstone: TombstoneItem) -> None:
    """Note that all that was the user's is gone: after the first time it is looked at again in a day, then it goes.

    By then no request knows the user any more, and the stream has brought what the user did; should it have lost the
    end, the user is no longer counted from here on.
    """
    try:
        if tombstone.swept_at:
            counting.count([Standing(user_of(tombstone), counting.NOWHERE, int(tombstone.user_version) + 1)])
            transactions.write(delete=[tombstone])
        else:
            tombstone.swept_at = ids.now()
            _list(tombstone, ids.ahead(SETTLED_SECONDS))
            transactions.write(put=[tombstone])
    except ConditionFailed:
        return  # Another run was here at the same time.


def user_of(tombstone: TombstoneItem) -> str:
    """Tell who it was: the id."""
    return value_of(tombstone.pk)


def _replace(user: User, tombstone: TombstoneItem, reason: str, context: RequestContext) -> None:
    fact = USER_PURGED.of({"id": user.id, "reason": reason})
    told = event(fact, user.id, actor=context.actor, correlation_id=context.correlation_id)
    keys = [guard_key("email", user.email), guard_key("username", user.username)]
    guards = [guard for guard in GuardItem.batch_get(keys, consistent_read=True) if guard.user_id == user.id]
    transactions.write(
        put=[tombstone, told], delete=[user_item(user), *guards], discard=list(search_items(user).values())
    )


def _tombstone(user: User) -> TombstoneItem:
    tombstone = TombstoneItem(*_tombstone_key(user.id), user_version=user.version)
    _list(tombstone, tombstone.created_at)
    return tombstone


def _list(tombstone: TombstoneItem, due: str) -> None:
    user_id = user_of(tombstone)
    tombstone.gsi1pk = list_partition(LIST, shard=shard_of(user_id))
    tombstone.gsisk = list_position(due, user_id)


def _tombstone_key(user_id: str) -> tuple[str, str]:
    return key("USER", user_id), "TOMBSTONE"
