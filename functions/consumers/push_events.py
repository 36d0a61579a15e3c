"""Event queue → connections: send events to the subscriptions that follow them."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from lamina.events.batches import EventType, process_each
from lamina.events.redelivery import put_off
from lamina.observability import tracing
from lamina.observability.logs import about
from lamina.realtime.delivery import push
from lamina.realtime.sockets import sockets

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

THREADS = 10
"""The maximum number of messages in a batch: subjects do not wait for each other."""
RESERVE_MILLISECONDS = 5_000

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="subject")


@tracing.traced
def handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Deliver the events of a batch. Those that some subscriptions did not get are returned to the queue."""

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS

    work = partial(_push, has_time=has_time)
    return process_each(EventType.SQS, event["Records"], work, put_off, threads=_threads).response


def _push(message: "SQSRecord", has_time: Callable[[], bool]) -> None:
    event = json.loads(message.body).get("detail")
    if event is None:
        return  # It was sent to have this process started.
    names = {"correlation_id": event["correlation_id"], "event_id": event["id"], "event_type": event["type"]}
    with tracing.segment(event.get("trace")), about(**names):
        push(sockets(), event, has_time)
