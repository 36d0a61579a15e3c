"""Putting the counters right: a walk over all users that mends what the stream did not bring.

Markers are brought up to their users the way the stream's consumer does it. A counter that then disagrees with the
users that were walked is corrected by what those who came and went meanwhile cannot explain, so also one that never
stands still. The walk goes in steps and remembers each, so that the next run takes it up where time ran out.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute

from lamina import ids
from lamina.storage import iteration, transactions
from lamina.storage.item import Item
from lamina.storage.iteration import HasTime, Interrupted
from lamina.storage.keys import identifier_of, key
from lamina.storage.sharded_list import Source
from lamina.users import counting, repository
from lamina.users.counting import DELETED, CounterItem, buckets, counter_key
from lamina.users.items import list_partitions

STEP = 100
"""Users of one step: one BatchGetItem for them and one for their markers."""
SETTLED = timedelta(minutes=1)
"""Longer than an index takes to show a user."""


class CountCheckpointItem(Item, discriminator="counting_walk"):
    """How far the walk has come: `COUNTING#USERS` / `WALK`."""

    began_at = UnicodeAttribute(default_for_new=ids.now)
    deleted = BooleanAttribute(default=False)
    """Whether it is among the deleted users, who come second."""
    position = UnicodeAttribute(default="")
    ended = BooleanAttribute(default=False)
    before = JSONAttribute(default=dict)
    """Of each counter when it began: how many had come and gone, and when the last of them."""
    tally = JSONAttribute(default=dict)
    """Users walked, by narrowest bucket."""


@dataclass
class Report:
    """What one run found and did.

    Attributes:
        finished: whether the walk came to its end.
        users: how many were walked in this run.
        markers: how many of their markers were behind, and brought up unless it was a dry run.
        corrected: counters that were wrong for certain, with the amount that they had and the one that they have.
        unsettled: counters that disagree in what movements may explain.
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
    checkpoint = _begin() if dry_run else _resume() or _begin()
    try:
        while not checkpoint.ended:
            _walk_list(checkpoint, report, has_time, dry_run=dry_run)
    except Interrupted:
        return report
    report.finished = True
    drifts = _compare(checkpoint, report)
    if not dry_run:
        corrections = [counting.change(bucket, CounterItem.amount.add(-drift)) for bucket, drift in drifts.items()]
        transactions.write(delete=[checkpoint], update=corrections)
    return report


def _walk_list(checkpoint: CountCheckpointItem, report: Report, has_time: HasTime, *, dry_run: bool) -> None:
    """Walk the living users or the deleted ones, and stand before the others or at the end."""

    def visit(positions: Sequence[str]) -> None:
        reached = _reach(positions, report, dry_run=dry_run)
        # Who has just changed lists may stand in both; it counts in the one where it belongs.
        checkpoint.tally = dict(
            Counter(checkpoint.tally) + Counter(each for each in reached if (each == DELETED) == checkpoint.deleted)
        )

    def note(position: str) -> None:
        checkpoint.position = position
        if not dry_run:
            checkpoint.save()

    source = Source(*list_partitions("created_at", deleted=checkpoint.deleted))
    iteration.iterate(source, visit, has_time, step=STEP, after=checkpoint.position, note=note)
    checkpoint.deleted, checkpoint.ended = True, checkpoint.deleted
    note("")


def _resume() -> CountCheckpointItem | None:
    try:
        return CountCheckpointItem.get(*_checkpoint_key(), consistent_read=True)
    except CountCheckpointItem.DoesNotExist:
        return None


def _begin() -> CountCheckpointItem:
    before = {bucket: [*_moves(counter), counter.updated_at or ""] for bucket, counter in _counters().items()}
    return CountCheckpointItem(*_checkpoint_key(), before=before)


def _reach(positions: Sequence[str], report: Report, *, dry_run: bool) -> Collection[str]:
    """Bring up the markers of the users at these positions, and return the bucket of each."""
    users = repository.get_many(map(identifier_of, positions), as_last_written=True)
    standings = {user.id: counting.standing(user) for user in users.values()}
    stored = counting.markers(standings)
    behind = [each for each in standings.values() if counting.is_behind(stored.get(each.user_id), each)]
    reached = {user_id: marker.bucket for user_id, marker in stored.items()}
    if not dry_run:
        counting.count(behind)
        reached |= {each.user_id: each.bucket for each in behind}
    report.users += len(standings)
    report.markers += len(behind)
    return reached.values()


def _compare(checkpoint: CountCheckpointItem, report: Report) -> dict[str, int]:
    """Return by how much each counter is too high for certain, or too low."""
    expected: Counter[str] = Counter()
    for narrowest, amount in checkpoint.tally.items():
        expected.update(dict.fromkeys(buckets(narrowest), amount))
    counters = _counters()
    drifts: dict[str, int] = {}
    for bucket in sorted(expected.keys() | counters.keys()):
        counter = counters.get(bucket)
        stored = int(counter.amount) if counter else 0
        drift = _drift(checkpoint, bucket, counter, stored - expected[bucket])
        if drift:
            drifts[bucket] = drift
            report.corrected[bucket] = stored, stored - drift
        if stored - drift != expected[bucket]:
            report.unsettled.append(bucket)
    return drifts


def _drift(checkpoint: CountCheckpointItem, bucket: str, counter: CounterItem | None, excess: int) -> int:
    """Return what movements cannot explain of the amount by which a counter exceeds the users that were walked.

    Each user who came since the walk began may have been missed by it, and each who went may have been walked before.
    """
    came, gone = _moves(counter) if counter else (0, 0)
    came_before, gone_before, moved_at = checkpoint.before.get(bucket, (0, 0, ""))
    if came < came_before:  # It was lost, and begun anew.
        came_before = gone_before = 0
    began = datetime.fromisoformat(checkpoint.began_at)
    if moved_at > ids.stamp(began - SETTLED) and datetime.now(UTC) < began + SETTLED:
        return 0  # Somebody who came before the walk may have been missed too.
    least: int = excess - (came - came_before)
    most: int = excess + (gone - gone_before)
    return max(0, least) + min(0, most)


def _moves(counter: CounterItem) -> tuple[int, int]:
    return int(counter.came or 0), int(counter.gone or 0)


def _counters() -> dict[str, CounterItem]:
    """Read all counters, as last written, by bucket."""
    partition, _ = counter_key("")
    return {counter.sk: counter for counter in CounterItem.query(partition, consistent_read=True)}


def _checkpoint_key() -> tuple[str, str]:
    return key("COUNTING", "USERS"), "WALK"
