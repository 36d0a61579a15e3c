"""From the outbox to the bus: what consumers elsewhere are told.

The events of one subject go out one after the other, each only once the one before it was taken; those of different
subjects share requests. So what fails holds up its own subject alone, and nothing overtakes anything.
"""

import json
import random
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lamina.aws import CALLS
from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem
from lamina.observability import tracing
from lamina.observability.logs import log_unavailable, logger
from lamina.settings import settings

MAX_ENTRIES = 10
"""Entries that PutEvents takes at once (API_PutEvents)."""
MAX_BYTES = 256 * 1024
"""Size of all entries of a request (EventBridge user guide, "Calculating PutEvents event entry size")."""
ROUNDS = 3
"""How often what the bus did not take is tried before the caller has to."""
BACKOFF_SECONDS = 0.2
REMEMBERED = 10_000
SOURCE = "lamina"

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef, PutEventsResponseTypeDef

    type Outgoing = tuple[str, PutEventsRequestEntryTypeDef, tracing.Segment]

type Lanes = dict[str, deque[OutboxItem]]
"""What is still to be published, by subject, in order."""

_bus = boto3.client("events", config=CALLS)
_taken: OrderedDict[str, None] = OrderedDict()
"""Ids of events that the bus has taken from this process: of a batch that comes again, they need not go out twice."""


def publish(events: Iterable[OutboxItem], has_time: Callable[[], bool] = lambda: True) -> set[str]:
    """Put events on the bus, those of each subject in order.

    Args:
        events: as they lie in the outbox.
        has_time: whether another request may be begun.

    Returns:
        Ids of the events that were not taken: they must come again.
    """
    lanes = _lanes(event for event in events if event.event_id not in _taken)
    for attempt in range(ROUNDS):
        lanes = _round(lanes, has_time)
        if not lanes or not has_time():
            break
        if attempt < ROUNDS - 1:
            time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 (jitter, not a secret)
    return {event.event_id for lane in lanes.values() for event in lane}


def _lanes(events: Iterable[OutboxItem]) -> Lanes:
    lanes: Lanes = defaultdict(deque)
    for event in events:
        lanes[event.pk].append(event)
    return lanes


def _round(lanes: Lanes, has_time: Callable[[], bool]) -> Lanes:
    """Publish what can be; give back the subjects that are not done, each from the event on that was not taken."""
    stopped: Lanes = {}
    while lanes and has_time():
        chunk = _chunk(lanes)
        refused = _put(chunk)
        if refused is None:
            break
        for (subject, *_), error in zip(chunk, refused, strict=True):
            if error:
                logger.warning("event not taken", extra={"error": error, "event_id": lanes[subject][0].event_id})
                stopped[subject] = lanes.pop(subject)
                continue
            _remember(lanes[subject].popleft())
            if not lanes[subject]:
                del lanes[subject]
    return {**lanes, **stopped}


def _chunk(lanes: Lanes) -> "Sequence[Outgoing]":
    """Choose the next event of as many subjects as one request takes."""
    chunk: list[Outgoing] = []
    size = 0
    for subject, lane in lanes.items():
        segment = _begin(lane[0])
        entry = _entry(lane[0], segment.header)
        size += sum(len(entry[part].encode()) for part in ("Source", "DetailType", "Detail"))
        if chunk and (len(chunk) == MAX_ENTRIES or size > MAX_BYTES):
            break
        chunk.append((subject, entry, segment))
    return chunk


def _put(chunk: "Sequence[Outgoing]") -> list[str | None] | None:
    """Send one request.

    Returns:
        For each entry the code of what it was refused for, or None where it was taken; None in place of all where the
        bus did not answer.
    """
    try:
        answer: PutEventsResponseTypeDef = _bus.put_events(Entries=[entry for _, entry, _ in chunk])
    except (BotoCoreError, ClientError) as error:
        log_unavailable(error)
        _close(chunk, [type(error).__name__] * len(chunk))
        return None
    errors = [entry.get("ErrorCode") for entry in answer["Entries"]] if answer["FailedEntryCount"] else []
    errors = errors or [None] * len(chunk)
    _close(chunk, errors)
    return errors


def _begin(event: OutboxItem) -> tracing.Segment:
    """Begin the publisher's part in the trace of what caused an event."""
    segment = tracing.begin(event.trace)
    segment.put_annotation("correlation_id", event.correlation_id)
    segment.put_annotation("event_type", event.event_type)
    return segment


def _close(chunk: "Sequence[Outgoing]", errors: "Sequence[str | None]") -> None:
    for (*_, segment), error in zip(chunk, errors, strict=True):
        if error:
            segment.put_failure(error)
        segment.close()


def _remember(event: OutboxItem) -> None:
    _taken[event.event_id] = None
    if len(_taken) > REMEMBERED:
        _taken.popitem(last=False)


def _entry(event: OutboxItem, trace: tracing.TraceHeader | None) -> "PutEventsRequestEntryTypeDef":
    header = str(trace) if trace else None
    entry: PutEventsRequestEntryTypeDef = {
        "EventBusName": settings().bus,
        "Source": SOURCE,
        "DetailType": event.event_type,
        "Detail": json.dumps(envelope(event, header), ensure_ascii=False),
    }
    if header:
        entry["TraceHeader"] = header
    return entry
