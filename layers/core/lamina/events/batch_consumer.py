"""How a consumer runs whose work is harmless to do twice and cheaper by the batch: all events of a batch at once."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSEvent, SQSRecord

from lamina.events.consumer import Event, Handler
from lamina.events.redelivery import put_off


def bulk_consumer[Prepared](
    prepare: Callable[[Event], Prepared], work: Callable[[Sequence[Prepared]], object]
) -> Handler:
    """Make the Lambda handler of a queue that EventBridge fills.

    Nothing remembers which events were done, so that an event costs no more than its work.

    Args:
        prepare: reads one event; an event for which it raises fails alone.
        work: does what all of them call for; harmless for events that were done before. Raises to have all of them
            again.
    """

    def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
        prepared: list[Prepared] = []
        good: list[SQSRecord] = []
        failed: list[SQSRecord] = []
        for record in SQSEvent(event).records:
            try:
                prepared.append(prepare(json.loads(record.body)["detail"]))
                good.append(record)
            except (LookupError, TypeError, ValueError) as error:
                put_off(record, error)
                failed.append(record)
        try:
            work(prepared)
        except Exception as error:  # noqa: BLE001 (whatever it was, the messages are to come again)
            for record in good:
                put_off(record, error)
            failed += good
        return {"batchItemFailures": [{"itemIdentifier": record.message_id} for record in failed]}

    return handler
