"""Once per minute, sends messages for deliveries that are due or whose message was lost."""

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
    """The report of a run.

    Attributes:
        due: number of due deliveries.
        announced: number of messages sent.
        finished: whether all were checked; the next run starts with the oldest again.
    """

    due: int = 0
    announced: int = 0
    finished: bool = False


def requeue_due(has_time: Callable[[], bool], *, dry_run: bool = False) -> Report:
    """Send a message for every due delivery, oldest first.

    Args:
        has_time: returns whether there is time for another step of up to one second.
        dry_run: only count.
    """
    report, source, position = Report(), Source("gsi1", due_partitions()), ""
    # Sorts before the positions of this instant: all positions before it are due.
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
    """Move a delivery on in the list, then send its message; return whether it was still there."""
    delivery_key = place_of(position)
    was_there = look_again(delivery_key, position)
    if was_there:
        enqueue([delivery_key])
    return was_there
