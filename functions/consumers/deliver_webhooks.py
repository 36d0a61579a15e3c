"""Delivery queue → endpoints: messages of a batch are delivered in parallel, so that none waits for a slow endpoint."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from lamina.events.batches import EventType, process_each
from lamina.events.redelivery import put_off
from lamina.observability.logs import about
from lamina.observability.tracing import traced
from lamina.webhooks.delivering import attempt
from lamina.webhooks.queue import read_message

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

THREADS = 10
"""The maximum number of messages in a batch."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="deliver")


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """Attempt the deliveries of a batch. Messages whose delivery could not be read are returned to the queue."""
    return process_each(EventType.SQS, event["Records"], _attempt, put_off, threads=_threads).response


def _attempt(message: "SQSRecord") -> None:
    webhook_id, delivery_id = read_message(message.body)
    with about(webhook_id=webhook_id, delivery_id=delivery_id):
        attempt(webhook_id, delivery_id)
