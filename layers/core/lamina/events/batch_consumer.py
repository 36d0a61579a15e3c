"""Consumers whose work is harmless to repeat and cheaper by the batch: all events of a batch at once."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lamina.events.batches import EventType, partial_response, process_each
from lamina.events.envelope import Event, Handler
from lamina.events.redelivery import put_off
from lamina.observability import tracing

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


def bulk_consumer[Prepared](
    prepare: Callable[[Event], Prepared], work: Callable[[Sequence[Prepared]], object]
) -> Handler:
    """Return the Lambda handler of a queue that EventBridge fills.

    Nothing records which events were done, so that an event costs no more than its work.

    Args:
        prepare: reads one event; if it raises, only this event fails.
        work: processes all of them; must be idempotent. Raises to have all of them retried.
    """

    def read(record: "SQSRecord") -> "tuple[SQSRecord, Prepared, tracing.Segment]":
        event: Event = json.loads(record.body)["detail"]
        return record, prepare(event), _begin(event)

    def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
        batch = process_each(EventType.SQS, event["Records"], read, put_off)
        failed = [*batch.failed]
        failure: Exception | None = None
        try:
            work([prepared for _, prepared, _ in batch.results])
        except Exception as error:  # noqa: BLE001 (whatever it was, the messages must be received again)
            failure = error
        for record, _, segment in batch.results:
            if failure:
                put_off(record, failure)
                failed.append(record.message_id)
                segment.add_exception(failure)
            segment.close()
        return partial_response(failed)

    return tracing.traced(handler)


def _begin(event: Event) -> tracing.Segment:
    """Start this event's segment in the trace of its cause; calls for the batch belong to the invocation's segment."""
    segment = tracing.begin(event.get("trace"))
    for name in ("correlation_id", "type"):
        if name in event:
            segment.put_annotation("event_type" if name == "type" else name, event[name])
    return segment
