"""Events of the past, published again from the outbox itself: with their ids, so that nothing is done twice."""

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
"""Parts of the table that are scanned side by side, so that no partition has all the reading."""
PAGE = 1000
BATCH = 100


class NotTaken(Exception):
    """The bus kept refusing events; what follows them for their subjects was not published either."""


@dataclass(frozen=True)
class Window:
    """A stretch of time, both ends included, as the instants of `lamina.ids`."""

    since: str
    until: str


@dataclass(frozen=True)
class Selection:
    """Which events are meant.

    Attributes:
        windows: that they happened in; at least one.
        types: a type, or a pattern of types (`user.*`).
        subject: id of what they are about; None for whatever it is.
    """

    windows: Sequence[Window]
    types: str = "*"
    subject: str | None = None

    def holds(self, event: OutboxItem) -> bool:
        """Whether an event is meant."""
        happened = any(window.since <= event.created_at <= window.until for window in self.windows)
        return happened and fnmatchcase(event.event_type, self.types)


def replay(selection: Selection, rate: float, report: Callable[[OutboxItem], None], *, dry_run: bool) -> None:
    """Publish events again, those of each subject in the order in which they happened.

    Args:
        selection: which events.
        rate: read units of the table that may be used in a second, in all.
        report: is told of each event, after it was published.
        dry_run: publish nothing, report all the same.

    Raises:
        NotTaken: when the bus keeps refusing an event.
    """
    if selection.subject is not None:
        _bring(_of_subject(selection.subject, rate), selection, report, dry_run=dry_run)
        return
    parts = [_of_segment(selection, segment, rate / SEGMENTS) for segment in range(SEGMENTS)]
    with ThreadPoolExecutor(SEGMENTS) as pool:
        for _ in pool.map(partial(_bring, selection=selection, report=report, dry_run=dry_run), parts):
            pass


def _of_subject(subject: str, rate: float) -> Iterator[OutboxItem]:
    """Read the events of a subject; its id says not of which kind it is, but it is of few kinds only."""
    kinds = sorted({declared.subject for declared in CATALOG.values()})
    return chain.from_iterable(
        OutboxItem.query(key(kind.upper(), subject), OutboxItem.sk.startswith(key("EVENT", "")), rate_limit=rate)
        for kind in kinds
    )


def _of_segment(selection: Selection, segment: int, rate: float) -> Iterator[OutboxItem]:
    """Scan one part of the table: all events of a subject are in the same, and in order."""
    since = min(window.since for window in selection.windows)
    until = max(window.until for window in selection.windows)
    return OutboxItem.scan(
        OutboxItem.created_at.between(since, until),
        segment=segment,
        total_segments=SEGMENTS,
        page_size=PAGE,
        rate_limit=rate,
    )


def _bring(
    events: Iterable[OutboxItem], selection: Selection, report: Callable[[OutboxItem], None], *, dry_run: bool
) -> None:
    for batch in batched(filter(selection.holds, events), BATCH, strict=False):
        if not dry_run and (left := publish(batch)):
            raise NotTaken(f"{len(left)} events were not taken, of these subjects: {_subjects(batch, left)}")
        for event in batch:
            report(event)


def _subjects(batch: Sequence[OutboxItem], left: set[str]) -> str:
    return ", ".join(sorted({event.subject for event in batch if event.event_id in left}))
