"""Purges a user: first the user itself in one transaction, then everything it owns; a tombstone remains meanwhile.

The transaction releases its e-mail address and username, and cannot be undone. Items of other subjects are then deleted
by these subjects, repeatedly if necessary: the list of tombstones is the list of remaining work.
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
from lamina.users.counting import Membership
from lamina.users.items import GuardItem, guard_key, list_partitions, search_items, user_item
from lamina.users.model import User

LIST = "PURGED_USERS"
ATTEMPTS = 5
SETTLED_SECONDS = 25 * 3600
"""When a tombstone is checked a second time: longer than the table's stream keeps a change."""


class TombstoneItem(Item, discriminator="tombstone"):
    """The tombstone of a purged user: `USER#<id>` / `TOMBSTONE`, listed by the time of the next check."""

    user_version = NumberAttribute()
    """Last version of the user."""
    swept_at = UnicodeAttribute(null=True)
    """When everything that the user owned was deleted for the first time."""


def deleted_users() -> Source:
    """Return the list of deleted users, by creation time."""
    return Source(*list_partitions("created_at", deleted=True))


def living_users() -> Source:
    """Return the list of users that are not deleted, by creation time."""
    return Source(*list_partitions("created_at"))


def tombstones() -> Source:
    """Return the list of tombstones, by the time of the next check."""
    return Source("gsi1", [list_partition(LIST, shard=shard) for shard in range(SHARDS)])


def before(instant: str) -> str:
    """Return the position in these lists before which entries are older than an instant."""
    return list_position(instant, "")


def users_at(positions: Sequence[str]) -> list[User]:
    """Return the users at up to 100 positions of a list."""
    return list(repository.get_many(map(identifier_of, positions)).values())


def tombstones_at(positions: Sequence[str]) -> list[TombstoneItem]:
    """Return the tombstones at up to 100 positions of their list."""
    keys = [_tombstone_key(identifier_of(position)) for position in positions]
    return list(TombstoneItem.batch_get(keys, consistent_read=True)) if keys else []


def remove(user_id: str, is_due: Callable[[User], bool], reason: str, context: RequestContext) -> TombstoneItem | None:
    """Delete a user, its guards and its search entries, and raise the event. Its address and username are released.

    Args:
        user_id: id of the user.
        is_due: whether the current user is to be purged.
        reason: reason for `user.purged`, one word.
        context: the context of the run.

    Returns:
        The tombstone; None if the user is already gone, is not due, or kept being changed.
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
    """Record that everything the user owned is deleted: the tombstone is checked again after a day, then deleted.

    By then no request knows the user any more, and the stream has delivered its changes. If the stream lost the purge,
    the user is removed from the counters here.
    """
    try:
        if tombstone.swept_at:
            counting.count([Membership(user_of(tombstone), counting.NOWHERE, int(tombstone.user_version) + 1)])
            transactions.write(delete=[tombstone])
        else:
            tombstone.swept_at = ids.now()
            _list(tombstone, ids.ahead(SETTLED_SECONDS))
            transactions.write(put=[tombstone])
    except ConditionFailed:
        return  # Another run did the same concurrently.


def user_of(tombstone: TombstoneItem) -> str:
    """Return the id of the user of a tombstone."""
    return value_of(tombstone.pk)


def _replace(user: User, tombstone: TombstoneItem, reason: str, context: RequestContext) -> None:
    fact = USER_PURGED.of({"id": user.id, "reason": reason})
    purged = event(fact, user.id, actor=context.actor, correlation_id=context.correlation_id)
    keys = [guard_key("email", user.email), guard_key("username", user.username)]
    guards = [guard for guard in GuardItem.batch_get(keys, consistent_read=True) if guard.user_id == user.id]
    transactions.write(
        put=[tombstone, purged], delete=[user_item(user), *guards], discard=list(search_items(user).values())
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
