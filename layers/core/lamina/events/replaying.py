"""Replays past events from the outbox, with their original ids, so that consumers recognise duplicates."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from itertools import batched, chain

from lamina.events.catalog import CATALOG
from lamina.events.outbox import OutboxItem
from lamina.events.publisher import publish
from lamina.storage.keys import key

SEGMENTS = 4
"""Number of parallel scan segments, which spread the reads over partitions."""
PAGE = 1000
BATCH = 100


class NotPublished(Exception):
    """The bus kept refusing events; later events of their subjects were not published either."""


@dataclass(frozen=True)
class Window:
    """A time interval, both ends included, in the format of `lamina.ids`."""

    since: str
    until: str


@dataclass(frozen=True)
class Selection:
    """A selection of events.

    Attributes:
        windows: time intervals of the events; at least one.
        types: an event type or a pattern (`user.*`).
        subject: id of the subject; None for any.
    """

    windows: Sequence[Window]
    types: str = "*"
    subject: str | None = None

    def holds(self, event: OutboxItem) -> bool:
        """Return whether the selection includes an event."""
        happened = any(window.since <= event.created_at <= window.until for window in self.windows)
        return happened and fnmatchcase(event.event_type, self.types)


def replay(selection: Selection, rate: float, report: Callable[[OutboxItem], None], *, dry_run: bool) -> None:
    """Publish events again, in their original order per subject.

    Args:
        selection: the events.
        rate: maximum number of read units of the table per second, in total.
        report: called for each event after it was published.
        dry_run: report without publishing.

    Raises:
        NotPublished: if the bus keeps refusing an event.
    """
    if selection.subject is not None:
        _publish(_of_subject(selection.subject, rate), selection, report, dry_run=dry_run)
        return
    parts = [_of_segment(selection, segment, rate / SEGMENTS) for segment in range(SEGMENTS)]
    with ThreadPoolExecutor(SEGMENTS) as pool:
        for _ in pool.map(partial(_publish, selection=selection, report=report, dry_run=dry_run), parts):
            pass


def _of_subject(subject: str, rate: float) -> Iterator[OutboxItem]:
    """Yield the events of a subject. Its id does not state its type, so the few possible types are tried."""
    kinds = sorted({declared.subject for declared in CATALOG.values()})
    return chain.from_iterable(
        OutboxItem.query(key(kind.upper(), subject), OutboxItem.sk.startswith(key("EVENT", "")), rate_limit=rate)
        for kind in kinds
    )


def _of_segment(selection: Selection, segment: int, rate: float) -> Iterator[OutboxItem]:
    """Scan one segment of the table: all events of a subject are in the same segment, and in order."""
    since = min(window.since for window in selection.windows)
    until = max(window.until for window in selection.windows)
    return OutboxItem.scan(
        OutboxItem.created_at.between(since, until),
        segment=segment,
        total_segments=SEGMENTS,
        page_size=PAGE,
        rate_limit=rate,
    )


def _publish(
    events: Iterable[OutboxItem], selection: Selection, report: Callable[[OutboxItem], None], *, dry_run: bool
) -> None:
    for batch in batched(filter(selection.holds, events), BATCH, strict=False):
        if not dry_run and (left := publish(batch)):
            raise NotPublished(
                f"{len(left)} events were not accepted by the bus, of these subjects: {_subjects(batch, left)}"
            )
        for event in batch:
            report(event)


def _subjects(batch: Sequence[OutboxItem], left: set[str]) -> str:
    return ", ".join(sorted({event.subject for event in batch if event.event_id in left}))
