"""Reads events from the table's stream."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import TypeAdapter

from lamina.events.envelope import Envelope, envelope
from lamina.events.outbox import OutboxItem
from lamina.events.publisher import publish
from lamina.observability import tracing
from lamina.observability.logs import log_failure
from lamina.observability.metrics import metrics

type Record = Mapping[str, Any]

_envelope = TypeAdapter(Envelope)


def publish_records(records: Sequence[Record], has_time: Callable[[], bool]) -> str | None:
    """Publish the events of a batch of stream records.

    A stream keeps a single position: after a failure, everything from there on is redelivered. Later events of other
    subjects are published nevertheless, so that one subject does not block others. Consumers recognise the duplicates
    by their ids.

    Args:
        records: records in stream order.
        has_time: returns whether there is time for another request.

    Returns:
        The sequence number of the first record to be redelivered; None if all are published.
    """
    readable, failed = _readable(records)
    with tracing.subsegment("## publish"):
        not_taken = publish(readable.values(), has_time)
    failed |= {number for number, event in readable.items() if event.event_id in not_taken}
    metrics.add_metric("EventsPublished", MetricUnit.Count, len(records) - len(failed))
    metrics.add_metric("EventsHeldUp", MetricUnit.Count, len(failed))
    metrics.flush_metrics()
    return next((number for record in records if (number := _number(record)) in failed), None)


def _readable(records: Sequence[Record]) -> tuple[dict[str, OutboxItem], set[str]]:
    """Return the events by sequence number, and the sequence numbers that cannot be published yet.

    The latter are records that cannot be read, and later records of the same subject.
    """
    readable: dict[str, OutboxItem] = {}
    failed: set[str] = set()
    stopped: set[str] = set()
    for record in records:
        subject = record["dynamodb"]["Keys"]["pk"]["S"]
        if subject not in stopped:
            try:
                readable[_number(record)] = _read(record)
                continue
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                log_failure(error)
                stopped.add(subject)
        failed.add(_number(record))
    return readable, failed


def _read(record: Record) -> OutboxItem:
    event = OutboxItem.from_raw_data(record["dynamodb"]["NewImage"])
    _envelope.validate_python(envelope(event))
    return event


def _number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])
