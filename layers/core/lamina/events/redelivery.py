"""When a message of a queue comes again: later and later after failures, at a chosen time when it was postponed.

The permissions that it takes are on the consumer's own queue: `sqs:ChangeMessageVisibility` for every consumer,
`sqs:SendMessage` for those whose work postpones.
"""

import math
import random

import boto3
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import BotoCoreError, ClientError

from lamina.aws import CALLS
from lamina.observability.logs import log_failure, log_unavailable, logger

FIRST_SECONDS = 1
LONGEST_SECONDS = 15 * 60
"""What the wait grows to. A queue that puts a message aside after eight tries gets to 64 seconds at most."""
LONGEST_DELAY_SECONDS = 15 * 60
"""The longest delay that SQS accepts for a message (API_SendMessage)."""
POSTPONED_FOR_SECONDS = 24 * 3600
"""How long after its event a message may be postponed. This bounds the loop from the consumer to its own queue, which
Lambda does not stop after 16 rounds (`RecursiveLoop: Allow` in the template)."""
SLOWED_BY = 10
"""A message that has waited this many times a wait before waits that long again: a long outage costs few rounds."""

_sqs = boto3.client("sqs", config=CALLS)


class Postponed(Exception):
    """The work cannot be done now, through no fault of the event: bring it again later, and count no try.

    Attributes:
        seconds: how much later, from one second to 15 minutes.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = min(max(seconds, 1), LONGEST_DELAY_SECONDS)
        super().__init__(f"postponed by {self.seconds} s")


def backoff(receive_count: int) -> int:
    """Choose the seconds until the next try: exponential from one second, with full jitter.

    Messages that failed together do not come again together (https://aws.amazon.com/builders-library/
    timeouts-retries-and-backoff-with-jitter/). SQS takes whole seconds, so it is at least one.

    Args:
        receive_count: how often the message has been received, this time included.
    """
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(receive_count - 1, 30))
    return max(1, math.ceil(random.uniform(0, longest)))  # noqa: S311 (jitter, not a secret)


def hide(record: SQSRecord, seconds: int) -> None:
    """Have a failed message come again after so many seconds.

    If SQS does not take it, the message comes again when its visibility timeout is over: later, but not lost.
    """
    try:
        _sqs.change_message_visibility(
            QueueUrl=_queue_url(record), ReceiptHandle=record.receipt_handle, VisibilityTimeout=seconds
        )
    except (ClientError, BotoCoreError) as error:
        log_unavailable(error)


def put_off(record: SQSRecord, error: Exception) -> None:
    """Log a failure, and have its message come again after a while."""
    # Powertools would put the text of failures into the log, and it may quote what is personal.
    log_failure(error)
    tries = int(record.attributes.approximate_receive_count)
    seconds = backoff(tries)
    logger.info("to be tried again", extra={"tries": tries, "seconds": seconds})
    hide(record, seconds)


def send_again(record: SQSRecord, postponed: Postponed, age: float) -> None:
    """Send a delayed copy of a message to its queue; the copy's receive count starts anew.

    The message itself is then done. If it is received again nevertheless, the event's id shows that it is the same.

    Args:
        record: the message.
        postponed: what the work raised.
        age: seconds since the event. The delay grows with it, and after a day there is no further copy.

    Raises:
        Postponed: when the event is older than a day; the message then fails like any other.
        ClientError, BotoCoreError: when SQS refuses it; the message then fails too.
    """
    if age > POSTPONED_FOR_SECONDS:
        raise postponed
    seconds = max(postponed.seconds, min(int(age / SLOWED_BY), LONGEST_DELAY_SECONDS))
    _sqs.send_message(QueueUrl=_queue_url(record), MessageBody=record.body, DelaySeconds=seconds)
    logger.info("postponed", extra={"seconds": seconds})


def _queue_url(record: SQSRecord) -> str:
    """Compose the URL of the queue that a message came from, as SQS composes it: no setting, no call, no permission."""
    account, name = record.event_source_arn.split(":")[-2:]
    return f"{_sqs.meta.endpoint_url}/{account}/{name}"
