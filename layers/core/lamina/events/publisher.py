"""Publishes events from the outbox to the bus.

Events of one subject are sent one after the other, each only after the previous one was accepted; events of different
subjects share requests. A failure therefore blocks only its own subject, and order is preserved.
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
"""Maximum number of entries per PutEvents (API_PutEvents)."""
MAX_BYTES = 256 * 1024
"""Maximum size of all entries of a request (EventBridge user guide, "Calculating PutEvents event entry size")."""
ROUNDS = 3
"""Number of attempts for entries that the bus did not accept."""
BACKOFF_SECONDS = 0.2
REMEMBERED = 10_000
SOURCE = "lamina"

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef, PutEventsResponseTypeDef

    type Outgoing = tuple[str, PutEventsRequestEntryTypeDef, tracing.Segment]

type Queues = dict[str, deque[OutboxItem]]
"""Events to be published, by subject, in order."""

_bus = boto3.client("events", config=CALLS)
_accepted: OrderedDict[str, None] = OrderedDict()
"""Ids of events that the bus has accepted from this process, so that a redelivered batch does not repeat them."""


def publish(events: Iterable[OutboxItem], has_time: Callable[[], bool] = lambda: True) -> set[str]:
    """Publish events, in order per subject.

    Args:
        events: items of the outbox.
        has_time: returns whether there is time for another request.

    Returns:
        Ids of the events that were not accepted and must be retried.
    """
    queues = _by_subject(event for event in events if event.event_id not in _accepted)
    for attempt in range(ROUNDS):
        queues = _round(queues, has_time)
        if not queues or not has_time():
            break
        if attempt < ROUNDS - 1:
            time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 (jitter, not a secret)
    return {event.event_id for queue in queues.values() for event in queue}


def is_published(event: OutboxItem) -> bool:
    """Return whether this process has published an event before."""
    return event.event_id in _accepted


def _by_subject(events: Iterable[OutboxItem]) -> Queues:
    queues: Queues = defaultdict(deque)
    for event in events:
        queues[event.pk].append(event)
    return queues


def _round(queues: Queues, has_time: Callable[[], bool]) -> Queues:
    """Publish what is possible. Return the remaining events of each subject, from the first that was not accepted."""
    stopped: Queues = {}
    while queues and has_time():
        chunk = _chunk(queues)
        rejected = _put(chunk)
        if rejected is None:
            break
        for (subject, *_), error in zip(chunk, rejected, strict=True):
            if error:
                logger.warning(
                    "event rejected by the bus", extra={"error": error, "event_id": queues[subject][0].event_id}
                )
                stopped[subject] = queues.pop(subject)
                continue
            _remember(queues[subject].popleft())
            if not queues[subject]:
                del queues[subject]
    return {**queues, **stopped}


def _chunk(queues: Queues) -> "Sequence[Outgoing]":
    """Choose the next event of as many subjects as one request takes."""
    chunk: list[Outgoing] = []
    size = 0
    for subject, queue in queues.items():
        segment = _begin(queue[0])
        entry = _entry(queue[0], segment.header)
        size += sum(len(entry[part].encode()) for part in ("Source", "DetailType", "Detail"))
        if chunk and (len(chunk) == MAX_ENTRIES or size > MAX_BYTES):
            break
        chunk.append((subject, entry, segment))
    return chunk


def _put(chunk: "Sequence[Outgoing]") -> list[str | None] | None:
    """Send one request.

    Returns:
        For each entry the error code, or None if it was accepted; None instead of the list if the bus did not respond.
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
    """Start the publisher's segment in the trace of the request that caused an event."""
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
    _accepted[event.event_id] = None
    if len(_accepted) > REMEMBERED:
        _accepted.popitem(last=False)


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
