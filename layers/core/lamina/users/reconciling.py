"""Corrects the counters of users, by iterating over all users.

Markers are updated to their users in the same way as by the stream's consumer. A counter that then differs from the
number of users found is corrected by the amount that concurrent changes cannot explain; this works even if it changes
all the time. The iteration stores a checkpoint after each step, so that the next run continues where time ran out.
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
from lamina.users.counting import DELETED, CounterItem, counter_key
from lamina.users.items import list_partitions

STEP = 100
"""Users per step: one BatchGetItem for them and one for their markers."""
SETTLED = timedelta(minutes=1)
"""Longer than an index takes to show a user, in seconds."""


class CountCheckpointItem(Item, discriminator="count_checkpoint"):
    """The checkpoint of the iteration: `COUNTING#USERS` / `CHECKPOINT`."""

    began_at = UnicodeAttribute(default_for_new=ids.now)
    deleted = BooleanAttribute(default=False)
    """Whether it has reached the deleted users, who come second."""
    position = UnicodeAttribute(default="")
    ended = BooleanAttribute(default=False)
    before = JSONAttribute(default=dict)
    """The counters at the start: how many users had entered and left, and the time of the last change."""
    tally = JSONAttribute(default=dict)
    """Number of users found, by bucket."""


@dataclass
class Report:
    """The report of a run.

    Attributes:
        finished: whether the iteration has completed.
        users: number of users found in this run.
        markers: number of their markers that were behind; they were updated unless it was a dry run.
        corrected: counters that were certainly wrong, with the old and the new value.
        unsettled: counters with a difference that concurrent changes may explain.
    """

    finished: bool = False
    users: int = 0
    markers: int = 0
    corrected: dict[str, tuple[int, int]] = field(default_factory=dict)
    unsettled: list[str] = field(default_factory=list)


def reconcile(has_time: HasTime, *, dry_run: bool = False) -> Report:
    """Iterate over all users, or continue an iteration, and correct markers and counters.

    Args:
        has_time: returns whether there is time for another step of up to one second.
        dry_run: only report; starts at the beginning, and stores no checkpoint.
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
    """Iterate over one of the two lists, and set the checkpoint to the next list or to the end."""

    def visit(positions: Sequence[str]) -> None:
        reached = _reach(positions, report, dry_run=dry_run)
        # A user that was just changed may be in both lists; it counts in the right one.
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
    """Update the markers of the users at these positions, and return the bucket of each."""
    users = repository.get_many(map(identifier_of, positions), as_last_written=True)
    memberships = {user.id: counting.membership(user) for user in users.values()}
    stored = counting.markers(memberships)
    behind = [each for each in memberships.values() if counting.is_behind(stored.get(each.user_id), each)]
    reached = {user_id: marker.bucket for user_id, marker in stored.items()}
    if not dry_run:
        counting.count(behind)
        reached |= {each.user_id: each.bucket for each in behind}
    report.users += len(memberships)
    report.markers += len(behind)
    return reached.values()


def _compare(checkpoint: CountCheckpointItem, report: Report) -> dict[str, int]:
    """Return by how much each counter is certainly too high or too low."""
    expected = Counter(checkpoint.tally)
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
    """Return the part of a counter's excess over the users found that concurrent changes cannot explain.

    A user who entered since the start may have been missed, and a user who left may have been counted before.
    """
    came, gone = _moves(counter) if counter else (0, 0)
    came_before, gone_before, moved_at = checkpoint.before.get(bucket, (0, 0, ""))
    if came < came_before:  # The counter was lost and created again.
        came_before = gone_before = 0
    began = datetime.fromisoformat(checkpoint.began_at)
    if moved_at > ids.stamp(began - SETTLED) and datetime.now(UTC) < began + SETTLED:
        return 0  # A user who entered before the start may have been missed too.
    least: int = excess - (came - came_before)
    most: int = excess + (gone - gone_before)
    return max(0, least) + min(0, most)


def _moves(counter: CounterItem) -> tuple[int, int]:
    return int(counter.came or 0), int(counter.gone or 0)


def _counters() -> dict[str, CounterItem]:
    """Return all counters by bucket: consistent reads."""
    partition, _ = counter_key("")
    return {counter.sk: counter for counter in CounterItem.query(partition, consistent_read=True)}


def _checkpoint_key() -> tuple[str, str]:
    return key("COUNTING", "USERS"), "CHECKPOINT"
