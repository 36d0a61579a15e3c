"""`make replay`: publishes events again from the outbox, which stores them for 90 days.

Events are selected by time with `FROM=… TO=…` (RFC 3339 or a date, UTC by default), by type with `TYPE=user.*`, and by
the id of their subject with `SUBJECT=…`. Without any of these, it publishes the events of batches that the publisher
failed to publish, and deletes their dead letters. `DRY_RUN=1` only counts. Events keep their ids, so that consumers
recognize duplicates, and the order of their subject. Consumers remember ids for 14 days: they would process older
events again, and send their mails again, so that requires `AGAIN=1`.

A subject is read by a query. Any other selection scans the table, with at most `RATE=500` read units per second.
"""

import argparse
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from operations.command import explained, parse, parser
from operations.connection import connect, give_up
from operations.stream_dead_letters import DeadLetters

if TYPE_CHECKING:
    from lamina.events.outbox import OutboxItem
    from lamina.events.replaying import Selection

PUBLISHER = "Async/PublishChangesFunction"
DAWN = "0001-01-01T00:00:00.000000Z"
PROGRESS_SECONDS = 1.0


class Progress:
    """Counts published events, and prints the number from time to time."""

    def __init__(self) -> None:
        self.types: Counter[str] = Counter()
        self._told = time.monotonic()
        self._lock = Lock()

    def count(self, event: "OutboxItem") -> None:
        """Count one more; called by several threads."""
        with self._lock:
            self.types[event.event_type] += 1
            if time.monotonic() - self._told > PROGRESS_SECONDS:
                self._told = time.monotonic()
                print(f"{self.types.total():,} events", file=sys.stderr, flush=True)

    def summary(self) -> str:
        """Print the number of events by type."""
        kinds = ", ".join(f"{number:,} {name}" for name, number in self.types.most_common())
        return f"{self.types.total():,} events" + (f": {kinds}" if kinds else "")


def main() -> None:
    """Read the command line, and publish."""
    options = parser("replay", __doc__)
    options.add_argument("--since", default="", help="FROM=")
    options.add_argument("--until", default="", help="TO=")
    options.add_argument("--type", default="", help="TYPE=")
    options.add_argument("--subject", default="", help="SUBJECT=")
    options.add_argument("--rate", type=float, default=500, help="RATE=")
    options.add_argument("--again", action="store_true", help="AGAIN=1")
    options.add_argument("--dry-run", action="store_true", help="DRY_RUN=1")
    given = parse(options)
    with explained(given.stack, given.region):
        connect(given.stack, PUBLISHER)
        if given.since or given.until or given.type or given.subject:
            print(replay(chosen(given), given.rate, dry_run=given.dry_run))
        else:
            print(replay_given_up(given.stack, given.rate, dry_run=given.dry_run))


def chosen(given: argparse.Namespace) -> "Selection":
    """Return the selection of the options; a missing bound does not limit it."""
    from lamina import ids
    from lamina.events.consumer import REMEMBERED_SECONDS
    from lamina.events.replaying import Selection, Window

    if not given.since and not given.subject:
        give_up("FROM= is required unless SUBJECT= is given")
    window = Window(instant(given.since, DAWN), instant(given.until, ids.now()))
    remembered = ids.ago(REMEMBERED_SECONDS)
    if window.since < remembered and not given.again and not given.dry_run:
        give_up(
            f"consumers recognize duplicates of events since {remembered}: for older events, "
            "they would send mails again; "
            "choose a later FROM=, or confirm with AGAIN=1"
        )
    return Selection([window], given.type or "*", given.subject or None)


def instant(text: str, otherwise: str) -> str:
    """Return the instant of a date or time, as typed by a person."""
    from lamina import ids

    if not text:
        return otherwise
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        give_up(f"{text!r} is not a date or time; write 2026-11-20 or 2026-11-20T09:30:00Z")
    return ids.stamp(found if found.tzinfo else found.replace(tzinfo=UTC))


def replay(selection: "Selection", rate: float, *, dry_run: bool) -> str:
    """Publish the selected events; return a summary."""
    from lamina.events import replaying

    progress = Progress()
    try:
        replaying.replay(selection, rate, progress.count, dry_run=dry_run)
    except replaying.NotPublished as error:
        give_up(f"{error}; published before: {progress.summary()}")
    return f"{'would publish' if dry_run else 'published'} {progress.summary()}"


def replay_given_up(stack: str, rate: float, *, dry_run: bool) -> str:
    """Publish the events of failed batches, and delete their dead letters; return a summary."""
    from lamina.events.replaying import Selection

    letters = DeadLetters(stack, PUBLISHER)
    others = f"; {letters.others} messages of other functions were left in the queue" if letters.others else ""
    if letters.hidden:
        others += (
            f"; {letters.hidden} are in use by another replay; if it crashed, they become visible within two hours"
        )
    if not letters.windows:
        return f"no batch of the publisher has failed{others}"
    try:
        said = replay(Selection(letters.windows), rate, dry_run=dry_run)
    except BaseException:
        letters.put_back()
        raise
    if dry_run:
        letters.put_back()
    else:
        letters.delete()
    return f"{said}, of {len(letters.windows)} failed batches{others}"


if __name__ == "__main__":
    main()
