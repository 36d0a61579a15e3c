"""Once a minute: what is due by the table is announced, whether its time has come or its message was lost."""

from collections.abc import Callable
from dataclasses import dataclass

from lamina import ids
from lamina.storage.parallel import threads
from lamina.storage.sharded_list import Source, read
from lamina.webhooks.items import due_partitions, place_of
from lamina.webhooks.pending import look_again
from lamina.webhooks.queue import enqueue

STEP = 100


@dataclass
class Report:
    """What one run found and did.

    Attributes:
        due: deliveries whose time has come.
        announced: for how many a message was sent.
        finished: whether it has seen them all; the next run begins again with the oldest.
    """

    due: int = 0
    announced: int = 0
    finished: bool = False


def requeue_due(has_time: Callable[[], bool], *, dry_run: bool = False) -> Report:
    """Announce every delivery that is due, oldest first.

    Args:
        has_time: whether there is time for another step, of a second at the most.
        dry_run: only count.
    """
    report, source, position = Report(), Source("gsi1", due_partitions()), ""
    # Sorts before the positions of this instant: all that come before it are due.
    now = ids.now()
    while not report.finished and has_time():
        chunk = read(source, STEP, descending=False, after=position)
        due = [each for each in chunk.items if each < now]
        report.due += len(due)
        if not dry_run:
            report.announced += sum(threads.map(_announce, due))
        report.finished = not chunk.more or len(due) < len(chunk.items)
        position = chunk.last
    return report


def _announce(position: str) -> bool:
    """Move a delivery on in the list, then send its message; tells whether it was still there."""
    delivery_key = place_of(position)
    was_there = look_again(delivery_key, position)
    if was_there:
        enqueue([delivery_key])
    return was_there
