"""Queue of deliveries → endpoints: each message of a batch by itself, so that none waits for another's endpoint."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lamina.events.redelivery import backoff, hide
from lamina.observability.logs import about, log_failure
from lamina.webhooks.delivering import attempt
from lamina.webhooks.queue import read_message

THREADS = 10
"""As many as a batch has messages."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="deliver")


def handler(event: Mapping[str, Any], _: object) -> dict[str, list[dict[str, str]]]:
    """Try the deliveries of a batch; those that could not even be looked at come again."""
    failed = [each for each in _threads.map(_failed, event["Records"]) if each]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _failed(record: dict[str, Any]) -> str | None:
    """Try one delivery; gives the id of its message when that could not be done."""
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
