"""Reads events from the table's stream."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import TypeAdapter

from lamina.events import business_metrics
from lamina.events.batches import EventType, process_each
from lamina.events.envelope import Envelope, envelope
from lamina.events.outbox import OutboxItem
from lamina.events.publisher import is_published, publish
from lamina.observability import tracing
from lamina.observability.logs import log_failure
from lamina.observability.metrics import metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

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
    read = partial(_read_unless_stopped, stopped=set())
    batch = process_each(EventType.DynamoDBStreams, records, read, _log_failure)
    new = [event for _, event in batch.results if not is_published(event)]
    with tracing.subsegment("## publish"):
        unpublished = publish((event for _, event in batch.results), has_time)
    failed = {*batch.failed, *(number for number, event in batch.results if event.event_id in unpublished)}
    metrics.add_metric("EventsPublished", MetricUnit.Count, len(records) - len(failed))
    metrics.add_metric("EventsHeldUp", MetricUnit.Count, len(failed))
    business_metrics.count([event for event in new if event.event_id not in unpublished])
    metrics.flush_metrics()
    return next((number for record in records if (number := _number(record)) in failed), None)


class _Stopped(Exception):
    """An earlier event of the same subject cannot be read, and order must be preserved."""


def _read_unless_stopped(record: "DynamoDBRecord", stopped: set[str]) -> tuple[str, OutboxItem]:
    """Return an event with its sequence number. If it cannot be read, later events of its subject fail as well."""
    subject = record["dynamodb"]["Keys"]["pk"]["S"]
    if subject in stopped:
        raise _Stopped
    try:
        return _number(record), _read(record)
    except Exception:
        stopped.add(subject)
        raise


def _log_failure(_: object, error: Exception) -> None:
    if not isinstance(error, _Stopped):
        log_failure(error)


def _read(record: "Record | DynamoDBRecord") -> OutboxItem:
    event = OutboxItem.from_raw_data(record["dynamodb"]["NewImage"])
    _envelope.validate_python(envelope(event))
    return event


def _number(record: "Record | DynamoDBRecord") -> str:
    return str(record["dynamodb"]["SequenceNumber"])
