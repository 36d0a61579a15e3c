"""Runs a consumer of a queue: effectively once per event, failures retried individually, ids in every log line.

A queue delivers at least once and out of order. Powertools passes on messages one by one, records which events were
processed, and reports those that failed, so that only they are redelivered. The queue moves messages that fail too
often to its dead-letter queue.
"""

import json
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError

from lamina import ids
from lamina.events.batches import EventType, process_each
from lamina.events.envelope import Event, Handler
from lamina.events.redelivery import Postponed, hide, put_off, send_again
from lamina.observability import tracing
from lamina.observability.logs import about, logger
from lamina.storage.idempotency import records

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

REMEMBERED_SECONDS = 14 * 24 * 3600
"""The retention period of the queue."""

type Work = Callable[[Event], None]
type Concerns = Callable[[Event], bool]


def consumer(name: str, work: Work, concerns: Concerns = lambda _: True) -> Handler:
    """Return the Lambda handler of a queue that EventBridge feeds.

    Args:
        name: distinguishes its records of processed events from those of other consumers.
        work: processes an event. Raises to have it retried, `Postponed` to have it retried without counting an attempt.
        concerns: returns whether there is work for an event; if not, no record of it is written.
    """
    config = IdempotencyConfig(
        event_key_jmespath="id", expires_after_seconds=REMEMBERED_SECONDS, hash_function="sha256"
    )

    @idempotent_function(  # type: ignore[untyped-decorator]  # Powertools leaves it so
        data_keyword_argument="event", persistence_store=records(), config=config, key_prefix=f"consumer {name}"
    )
    def once(*, event: Event) -> None:
        work(event)

    def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
        config.register_lambda_context(context)
        timeout = math.ceil(context.get_remaining_time_in_millis() / 1000)

        def process(record: "SQSRecord") -> None:
            _process(record, lambda event: once(event=event) if concerns(event) else None, timeout)

        return process_each(EventType.SQS, event["Records"], process).response

    return tracing.traced(handler)


def _process(record: "SQSRecord", work: Work, timeout: int) -> None:
    """Process a message, or arrange for its redelivery.

    Args:
        record: the message.
        work: the work of the consumer, run once per event.
        timeout: maximum duration of an invocation in seconds, and so of a duplicate that is being processed.
    """
    try:
        event: Event = json.loads(record.body)["detail"]
        names = {"correlation_id": event["correlation_id"], "event_id": event["id"], "event_type": event["type"]}
    except (ValueError, LookupError, TypeError) as error:
        put_off(record, error)
        raise
    with tracing.segment(event.get("trace")), about(**names):
        try:
            _do_or_postpone(record, event, work)
        except IdempotencyAlreadyInProgressError:
            # The other invocation may still fail. By then that is known, and this message is processed or discarded.
            logger.info("a duplicate is being processed", extra={"seconds": timeout})
            hide(record, timeout)
            raise
        except Exception as error:
            put_off(record, error)
            raise


def _do_or_postpone(record: "SQSRecord", event: Event, work: Work) -> None:
    try:
        work(event)
    except Postponed as postponed:
        send_again(record, postponed, time.time() - ids.epoch_of(event["occurred_at"]))
