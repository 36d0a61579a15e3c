"""Delivery queue → endpoints: messages of a batch are delivered in parallel, so that none waits for a slow endpoint."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lamina.events.redelivery import backoff, hide
from lamina.observability.logs import about, log_failure
from lamina.observability.tracing import traced
from lamina.webhooks.delivering import attempt
from lamina.webhooks.queue import read_message

THREADS = 10
"""The maximum number of messages in a batch."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="deliver")


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, list[dict[str, str]]]:
    """Attempt the deliveries of a batch. Messages whose delivery could not be read are returned to the queue."""
    failed = [each for each in _threads.map(_failed, event["Records"]) if each]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _failed(record: dict[str, Any]) -> str | None:
    """Attempt one delivery. Return the id of its message if the delivery could not be processed, else None."""
    message = SQSRecord(record)
    try:
        webhook_id, delivery_id = read_message(message.body)
        with about(webhook_id=webhook_id, delivery_id=delivery_id):
            attempt(webhook_id, delivery_id)
    except Exception as error:  # noqa: BLE001 (whatever befalls one must not befall the others of its batch)
        log_failure(error)
        hide(message, backoff(int(message.attributes.approximate_receive_count)))
        return message.message_id
    return None
