"""Queue → connections: close those that were not initialised in time, and those whose session has ended."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lamina.events.batches import EventType, process_each
from lamina.events.redelivery import put_off
from lamina.observability.tracing import traced
from lamina.realtime.closing import work
from lamina.realtime.sockets import sockets

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


@traced
def handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """Close the connections of a batch of messages. May be repeated."""
    return process_each(EventType.SQS, event["Records"], _close, put_off).response


def _close(message: "SQSRecord") -> None:
    work(sockets(), json.loads(message.body))
