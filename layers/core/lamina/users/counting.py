"""Counts users by role and status, with counters that follow the table's stream.

Each user has a marker that records where it is counted, and for which version. A change moves the marker and updates
the counters in one transaction, only ever to a newer version, so that records delivered twice, late or out of order
have no effect.

There is one counter for each combination of role and status, and one for deleted users, so that a new user moves one
counter. Totals over several roles or statuses are sums: all counters are a query of one unit.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from lamina import ids
from lamina.errors import Conflict
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.transactions import ConditionFailed, Update
from lamina.users.model import User

if TYPE_CHECKING:
    from pynamodb.expressions.update import Action

MAX_MARKERS = 80
"""Markers moved per transaction: with all counters within its limit of 100 items."""
NOWHERE = "nowhere"
DELETED = "deleted"
TOMBSTONE_SECONDS = 7 * 24 * 3600
"""How long the marker of a purged user is kept against late records: longer than the stream keeps them."""


class CounterItem(Item, discriminator="counter"):
    """A counter: `COUNTER#USERS` / a bucket."""

    amount = NumberAttribute(default=0)
    came = NumberAttribute(default=0)
    """How many users have ever entered and left the bucket: tells an iteration over all users which differences
    concurrent changes can explain."""
    gone = NumberAttribute(default=0)


class CountedItem(Item, discriminator="counted"):
    """The marker of a user: `USER#<id>` / `COUNTED`."""

    bucket = UnicodeAttribute()
    user_version = NumberAttribute()


@dataclass(frozen=True)
class Membership:
    """Where a user is to be counted, from one of its versions on.

    Attributes:
        user_id: id of the user.
        bucket: `<role>#<status>`, `deleted` or `nowhere`.
        version: version of the user.
    """

    user_id: str
    bucket: str
    version: int


def membership(user: User) -> Membership:
    """Return where a user is to be counted."""
    return Membership(user.id, _bucket(user.role, user.status, deleted=user.deleted_at is not None), user.version)


def removal(user: User) -> Membership:
    """Return the removal of a purged user, given its last version: it is no longer counted."""
    return Membership(user.id, NOWHERE, user.version + 1)


def total(*, role: str = "", status: str = "", deleted: bool = False) -> int:
    """Return the number of users with these filters: one read; exact once the stream has caught up."""
    partition, bucket = counter_key(_bucket(role, status, deleted=deleted))
    if not deleted and not (role and status):
        return sum(int(counter.amount) for counter in CounterItem.query(partition) if _has(counter.sk, role, status))
    try:
        return int(CounterItem.get(partition, bucket).amount)
    except CounterItem.DoesNotExist:
        return 0


def count(memberships: Iterable[Membership]) -> int:
    """Update markers and counters to these memberships; those of older versions have no effect.

    Returns:
        The number of markers moved.

    Raises:
        Conflict: if the same markers kept being moved concurrently.
    """
    latest = {each.user_id: each for each in sorted(memberships, key=lambda each: each.version)}
    return sum(_move(chosen) for chosen in batched(latest.values(), MAX_MARKERS, strict=False))


def markers(user_ids: Iterable[str]) -> dict[str, CountedItem]:
    """Return the markers of up to 100 users by user id: consistent reads."""
    keys = {_marker_key(user_id): user_id for user_id in user_ids}
    found = CountedItem.batch_get(list(keys), consistent_read=True) if keys else ()
    return {keys[item.pk, item.sk]: item for item in found}


def is_behind(marker: CountedItem | None, wanted: Membership) -> bool:
    """Return whether a marker must move to reach a membership."""
    return marker is None or marker.user_version < wanted.version


def counter_key(bucket: str) -> tuple[str, str]:
    """Return the key of a counter."""
    return key("COUNTER", "USERS"), bucket


def change(bucket: str, *changes: "Action") -> Update:
    """Return an update of a counter; it creates the counter if necessary."""
    now = ids.now()
    return CounterItem(*counter_key(bucket)), [
        CounterItem.kind.set(CounterItem),
        CounterItem.schema_version.set(1),
        CounterItem.created_at.set(CounterItem.created_at | now),
        CounterItem.updated_at.set(now),
        *changes,
    ]


def _move(memberships: Collection[Membership]) -> int:
    """Move markers and update counters in one transaction; retry if another process moved a marker."""
    for _ in range(transactions.ATTEMPTS):
        stored = markers(each.user_id for each in memberships)
        behind = [each for each in memberships if is_behind(stored.get(each.user_id), each)]
        if not behind:
            return 0
        came, gone = _movements(behind, stored)
        moved = [_moved(stored.get(each.user_id), each) for each in behind]
        try:
            transactions.write(put=moved, update=[_movement(each, came[each], gone[each]) for each in came | gone])
        except ConditionFailed:
            continue
        return len(moved)
    raise Conflict


def _movements(behind: Iterable[Membership], stored: dict[str, CountedItem]) -> tuple[Counter[str], Counter[str]]:
    """Return how many users enter and leave each bucket."""
    came: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    for each in behind:
        marker = stored.get(each.user_id)
        old, new = {marker.bucket if marker else NOWHERE}, {each.bucket}
        came.update(new - old - {NOWHERE})
        gone.update(old - new - {NOWHERE})
    return came, gone


def _moved(marker: CountedItem | None, to: Membership) -> CountedItem:
    moved = marker or CountedItem(*_marker_key(to.user_id))
    moved.bucket, moved.user_version, moved.updated_at = to.bucket, to.version, ids.now()
    moved.expires_at = ids.epoch_in(TOMBSTONE_SECONDS) if to.bucket == NOWHERE else None
    return moved


def _movement(bucket: str, came: int, gone: int) -> Update:
    return change(bucket, CounterItem.amount.add(came - gone), CounterItem.came.add(came), CounterItem.gone.add(gone))


def _bucket(role: str, status: str, *, deleted: bool) -> str:
    return DELETED if deleted else f"{role}#{status}"


def _has(bucket: str, role: str, status: str) -> bool:
    """Return whether the users of a bucket have this role and this status; `""` stands for any."""
    its_role, _, its_status = bucket.partition("#")
    return bool(its_role and its_status) and role in ("", its_role) and status in ("", its_status)


def _marker_key(user_id: str) -> tuple[str, str]:
    return key("USER", user_id), "COUNTED"
