"""Putting the counters right: a walk over all users that mends what the stream did not bring.

Markers are brought up to their users the way the stream's consumer does it. A counter that then disagrees with the
users that were walked is corrected only if nothing has come or gone in its bucket since a while before the walk began:
else the difference may be a movement, and the next walk will tell. The walk goes in steps and remembers each, so that
the next run takes it up where time ran out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute

from lamina import ids
from lamina.storage import conditional, walking
from lamina.storage.item import Item
from lamina.storage.keys import identifier_of, key
from lamina.storage.sharded_list import Source
from lamina.storage.walking import HasTime, Interrupted
from lamina.users import counting, repository
from lamina.users.counting import CounterItem, buckets, counter_key
from lamina.users.items import list_partitions

STEP = 100
"""Users of one step: one BatchGetItem for them and one for their markers."""
SETTLED = timedelta(minutes=1)
"""How long a counter must have stood still before a walk: longer than an index takes to show a user."""


class WalkItem(Item, discriminator="counting_walk"):
    """How far the walk has come: `COUNTING#USERS` / `WALK`."""

    began_at = UnicodeAttribute(default_for_new=ids.now)
    deleted = BooleanAttribute(default=False)
    """Whether it is among the deleted users, who come second."""
    position = UnicodeAttribute(default="")
    ended = BooleanAttribute(default=False)
    moves = JSONAttribute(default=dict)
    """The moves of each counter when it began."""
    tally = JSONAttribute(default=dict)
    """Users walked, by narrowest bucket."""


@dataclass
class Report:
    """What one run found and did.

    Attributes:
        finished: whether the walk came to its end.
        users: how many were walked in this run.
        markers: how many of their markers were behind, and brought up unless it was a dry run.
        corrected: counters that were wrong for certain, with the amount that they had and the one that is right.
        unsettled: counters that disagree and moved meanwhile.
    """

    finished: bool = False
    users: int = 0
    markers: int = 0
    corrected: dict[str, tuple[int, int]] = field(default_factory=dict)
    unsettled: list[str] = field(default_factory=list)


def reconcile(has_time: HasTime, *, dry_run: bool = False) -> Report:
    """Walk all users, or go on with a walk that was broken off, and mend markers and counters.

    Args:
        has_time: whether there is time for another step, of a second at the most.
        dry_run: only report; walks from the start, and remembers nothing.
    """
    report = Report()
    walk = _begin() if dry_run else _resume() or _begin()
    try:
        while not walk.ended:
            _walk_list(walk, report, has_time, dry_run=dry_run)
    except Interrupted:
        return report
    report.finished = True
    _compare(walk, report, dry_run=dry_run)
    if not dry_run:
        walk.delete()
    return report


def _walk_list(walk: WalkItem, report: Report, has_time: HasTime, *, dry_run: bool) -> None:
    """Walk the living users or the deleted ones, and stand before the others or at the end."""

    def visit(positions: Sequence[str]) -> None:
        walk.tally = dict(Counter(walk.tally) + _count(positions, report, dry_run=dry_run))

    def note(position: str) -> None:
        walk.position = position
        if not dry_run:
            walk.save()

    source = Source(*list_partitions("created_at", deleted=walk.deleted))
    walking.walk(source, visit, has_time, step=STEP, after=walk.position, note=note)
    walk.deleted, walk.ended = True, walk.deleted
    note("")


def _resume() -> WalkItem | None:
    try:
        return WalkItem.get(*_walk_key(), consistent_read=True)
    except WalkItem.DoesNotExist:
        return None


def _begin() -> WalkItem:
    return WalkItem(*_walk_key(), moves={bucket: int(counter.moves) for bucket, counter in _counters().items()})


def _count(positions: Sequence[str], report: Report, *, dry_run: bool) -> Counter[str]:
    """Bring up the markers of the users at these positions, and count where they stand then."""
    users = repository.get_many(map(identifier_of, positions))
    standings = {user.id: counting.standing(user) for user in users.values()}
    stored = counting.markers(standings)
    behind = [each for each in standings.values() if counting.is_behind(stored.get(each.user_id), each)]
    reached = {user_id: marker.bucket for user_id, marker in stored.items()}
    if not dry_run:
        counting.count(behind)
        reached |= {each.user_id: each.bucket for each in behind}
    report.users += len(standings)
    report.markers += len(behind)
    return Counter(reached.values())


def _compare(walk: WalkItem, report: Report, *, dry_run: bool) -> None:
    """Correct the counters that disagree with the walk for certain."""
    expected: Counter[str] = Counter()
    for narrowest, amount in walk.tally.items():
        expected.update(dict.fromkeys(buckets(narrowest), amount))
    counters = _counters()
    for bucket in sorted(expected.keys() | counters.keys()):
        counter = counters.get(bucket)
        stored = int(counter.amount) if counter else 0
        if stored == expected[bucket]:
            continue
        if _stood_still(counter, bucket, walk) and (dry_run or _correct(bucket, counter, expected[bucket])):
            report.corrected[bucket] = stored, expected[bucket]
        else:
            report.unsettled.append(bucket)


def _stood_still(counter: CounterItem | None, bucket: str, walk: WalkItem) -> bool:
    """Tell whether nobody has come or gone in a bucket since a while before the walk began."""
    if counter is None:
        return bucket not in walk.moves
    settled = datetime.fromisoformat(walk.began_at) - SETTLED
    return int(counter.moves) == walk.moves.get(bucket) and counter.updated_at < ids.stamp(settled)


def _correct(bucket: str, counter: CounterItem | None, amount: int) -> bool:
    """Set a counter, unless it has moved just now; tells whether it was set."""
    unmoved = CounterItem.moves == counter.moves if counter else CounterItem.moves.does_not_exist()
    item, actions = counting.movement(bucket, CounterItem.amount.set(amount))
    return conditional.update(item, actions, unmoved)


def _counters() -> dict[str, CounterItem]:
    """Read all counters, as last written, by bucket."""
    partition, _ = counter_key("")
    return {counter.sk: counter for counter in CounterItem.query(partition, consistent_read=True)}


def _walk_key() -> tuple[str, str]:
    return key("COUNTING", "USERS"), "WALK"
