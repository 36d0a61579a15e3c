"""Consumers whose work is harmless to repeat and cheaper by the batch: all events of a batch at once."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lamina.events.envelope import Event, Handler
from lamina.events.redelivery import put_off
from lamina.observability import tracing


def bulk_consumer[Prepared](
    prepare: Callable[[Event], Prepared], work: Callable[[Sequence[Prepared]], object]
) -> Handler:
    """Return the Lambda handler of a queue that EventBridge fills.

    Nothing records which events were done, so that an event costs no more than its work.

    Args:
        prepare: reads one event; if it raises, only this event fails.
        work: processes all of them; must be idempotent. Raises to have all of them retried.
    """
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)

    def read(record: SQSRecord) -> tuple[SQSRecord, Prepared, tracing.Segment]:
        try:
            event: Event = json.loads(record.body)["detail"]
            return record, prepare(event), _begin(event)
        except Exception as error:
            put_off(record, error)
            raise

    def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
        with processor(event["Records"], read):
            outcomes = processor.process()
        failures = [*processor.response()["batchItemFailures"]]
        good = [result for outcome, result, _ in outcomes if outcome == "success"]
        failure: Exception | None = None
        try:
            work([prepared for _, prepared, _ in good])
        except Exception as error:  # noqa: BLE001 (whatever it was, the messages must be received again)
            failure = error
        for record, _, segment in good:
            if failure:
                put_off(record, failure)
                failures.append({"itemIdentifier": record.message_id})
                segment.add_exception(failure)
            segment.close()
        return {"batchItemFailures": failures}

    return tracing.traced(handler)


def _begin(event: Event) -> tracing.Segment:
    """Start this event's segment in the trace of its cause; calls for the batch belong to the invocation's segment."""
    segment = tracing.begin(event.get("trace"))
    for name in ("correlation_id", "type"):
        if name in event:
            segment.put_annotation("event_type" if name == "type" else name, event[name])
    return segment
