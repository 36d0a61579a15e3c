"""Runs a migration: reads the table in segments, in parallel, and changes each item that has the old version.

The table is read again until a whole pass has found nothing to change: while the previous release still runs anywhere,
it writes the old version. Segments store their position after each page, so that another process continues there.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from operations.migrations.catalog import Direction, Migration
from operations.migrations.rewriting import Table, changes_of, consumed, rewrite, selection
from operations.migrations.state import LEASE_SECONDS, Head, Segment, Status, Store, instant
from operations.migrations.throttle import Stopped, Throttle

SEGMENTS = 8
UNITS_PER_SECOND = 500.0
"""An on-demand table takes eight times this from the start (DynamoDB developer guide, "On-demand capacity mode")."""
PAGE = 250
"""Items per page of a scan: what is read again after a kill, for each segment."""
PASSES = 10
NOTE_SECONDS = 1.0

type Note = Callable[[Head, Sequence[Segment]], None]
"""Receives the state of a run, about once a second."""


class StillChanging(Exception):
    """The old version kept being written during all passes: the previous release still runs."""


@dataclass(frozen=True)
class Options:
    """How to run.

    Attributes:
        segments: parts of the table that are read in parallel.
        units_per_second: limit of consumed capacity units; 0 for none.
        passes: maximum number of passes.
    """

    segments: int = SEGMENTS
    units_per_second: float = UNITS_PER_SECOND
    passes: int = PASSES


def run(
    table: Table,
    migration: Migration,
    direction: Direction,
    *,
    options: Options = Options(),
    stop: threading.Event | None = None,
    note: Note = lambda _head, _segments: None,
) -> Head:
    """Run a migration, or continue a run that was interrupted, and return its state.

    Args:
        table: the table.
        migration: what to run.
        direction: forward, or back.
        options: how to run.
        stop: makes the run stop after the current items, when it is set.
        note: receives the progress.

    Raises:
        LeaseLost: if another process runs it.
        Stopped: if `stop` was set; the next run continues.
        ItemFailed: if the migration fails for an item.
        StillChanging: if items of the old version remain after all passes.
    """
    return _Run(table, migration, direction, options, stop or threading.Event(), note).to_end()


@dataclass
class Preview:
    """What a migration would change: items read, items to change, and names of the attributes to change."""

    read: int = 0
    items: int = 0
    attributes: frozenset[str] = frozenset()


def preview(
    table: Table,
    migration: Migration,
    direction: Direction,
    *,
    options: Options = Options(),
) -> Preview:
    """Run a migration on every item without writing anything, and return what it would change.

    Raises:
        ItemFailed: if the migration fails for an item.
    """
    throttle = Throttle(options.units_per_second, threading.Event())
    found, position = Preview(), None
    while True:
        page = _page(table, migration, direction, position)
        changes = [changes_of(migration, direction, item) for item in page["Items"]]
        found.read += page["ScannedCount"]
        found.items += len(changes)
        found.attributes = found.attributes.union(*changes)
        throttle.spend(consumed(page))
        position = page.get("LastEvaluatedKey")
        if not position:
            return found


class _Run:
    """One process that runs a migration."""

    def __init__(
        self,
        table: Table,
        migration: Migration,
        direction: Direction,
        options: Options,
        stop: threading.Event,
        note: Note,
    ) -> None:
        self._table = table
        self._migration = migration
        self._direction = direction
        self._options = options
        self._asked_to_stop = stop
        self._stop = threading.Event()
        self._note = note
        self._store = Store(table)
        self._throttle = Throttle(options.units_per_second, self._stop)

    def to_end(self) -> Head:
        """Run passes until one has nothing to change."""
        head = self._store.acquire(self._migration.name)
        try:
            if head.status is not Status.RUNNING or head.direction is not self._direction:
                self._begin(head)
            while self._pass(head):
                if head.passes >= self._options.passes:
                    head.status = Status.PENDING
                    raise StillChanging
                head.passes += 1
                self._store.save(head)
            self._end(head)
        finally:
            self._store.release(head)
        return head

    def _begin(self, head: Head) -> None:
        head.status, head.direction, head.updated_at = Status.RUNNING, self._direction, instant()
        head.passes, head.changed, head.segments = 1, 0, self._options.segments
        self._store.save(head)

    def _end(self, head: Head) -> None:
        is_forward = self._direction is Direction.FORWARD
        head.status, head.updated_at = (Status.DONE if is_forward else Status.UNDONE), instant()
        self._store.save(head)
        self._store.remove_segments(head.name)

    def _pass(self, head: Head) -> int:
        """Read the whole table, or the rest of a pass that was interrupted; return how many items were changed."""
        segments = self._segments(head)
        with ThreadPoolExecutor(len(segments)) as threads:
            futures = [threads.submit(self._read, head.name, segment, head.segments) for segment in segments]
            try:
                self._watch(head, segments, futures)
            except BaseException:
                self._stop.set()  # The other segments stop as well.
                raise
        changed = sum(segment.changed for segment in segments)
        head.changed += changed
        return changed

    def _segments(self, head: Head) -> list[Segment]:
        """Return the segments of the pass, and store them, so that a process that has lost its lease can no more."""
        stored = {segment.number: segment for segment in self._store.segments(head.name)}
        segments = []
        for number in range(head.segments):
            segment = stored.get(number, Segment(number, 0))
            if segment.passes != head.passes:
                segment = Segment(number, head.passes, version=segment.version)
            self._store.save_segment(head.name, segment)
            segments.append(segment)
        return segments

    def _watch(self, head: Head, segments: Sequence[Segment], futures: Sequence[Future[None]]) -> None:
        """Wait for the segments, renew the lease meanwhile, and raise the first exception of any."""
        renewed = time.monotonic()
        pending = set(futures)
        while pending:
            ended, pending = wait(pending, NOTE_SECONDS, FIRST_EXCEPTION)
            for future in ended:
                future.result()
            if self._asked_to_stop.is_set():
                raise Stopped
            if time.monotonic() - renewed > LEASE_SECONDS / 3:
                self._store.save(head)
                renewed = time.monotonic()
            self._note(head, segments)

    def _read(self, name: str, segment: Segment, total: int) -> None:
        """Read a segment from its position to the end, and change what has the old version."""
        of = {"Segment": segment.number, "TotalSegments": total}
        while not segment.ended:
            page = _page(self._table, self._migration, self._direction, segment.position, of)
            self._throttle.spend(consumed(page))
            try:
                for item in page["Items"]:
                    rewritten = rewrite(self._table, self._migration, self._direction, item)
                    segment.changed += rewritten.changed
                    self._throttle.spend(rewritten.units)
            except Stopped:
                self._store.save_segment(name, segment)  # The page is read again, but what was changed is counted.
                raise
            segment.read += page["ScannedCount"]
            segment.position = page.get("LastEvaluatedKey")
            segment.ended = segment.position is None
            self._store.save_segment(name, segment)


def _page(
    table: Table,
    migration: Migration,
    direction: Direction,
    position: Mapping[str, Any] | None,
    segment: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Read a page: consistently, because a pass that finds nothing ends the migration."""
    asked = {"TableName": table.name, "Limit": PAGE, "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"}
    asked |= selection(migration, direction)
    if position:
        asked["ExclusiveStartKey"] = position
    page: dict[str, Any] = table.client.scan(**asked, **(segment or {}))
    return page
