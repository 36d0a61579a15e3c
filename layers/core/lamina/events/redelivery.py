"""Redelivery of queue messages: exponential backoff after failures, a chosen time when postponed.

It requires permissions on the consumer's own queue: `sqs:ChangeMessageVisibility` for every consumer, and
`sqs:SendMessage` for those whose work postpones.
"""

import math
import random
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lamina.aws import CALLS
from lamina.observability.logs import log_failure, log_unavailable, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

FIRST_SECONDS = 1
LONGEST_SECONDS = 15 * 60
"""Maximum backoff in seconds. A queue that gives up after eight attempts reaches 64 seconds."""
LONGEST_DELAY_SECONDS = 15 * 60
"""Maximum delay of a message in SQS (API_SendMessage)."""
POSTPONED_FOR_SECONDS = 24 * 3600
"""Maximum age of an event whose message is postponed. This bounds the loop from the consumer to its own queue, which
Lambda does not stop after 16 rounds (`RecursiveLoop: Allow` in the template)."""
SLOWED_BY = 10
"""The delay is at least the age of the event divided by this, so that a long outage causes few rounds."""

_sqs = boto3.client("sqs", config=CALLS)


class Postponed(Exception):
    """The work cannot be done now, for a reason unrelated to the event: retry later without counting an attempt.

    Attributes:
        seconds: delay, from one second to 15 minutes.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = min(max(seconds, 1), LONGEST_DELAY_SECONDS)
        super().__init__(f"postponed by {self.seconds} s")


def backoff(receive_count: int) -> int:
    """Return the seconds until the next attempt: exponential backoff from one second, with full jitter.

    Jitter spreads the retries of messages that failed together (https://aws.amazon.com/builders-library/
    timeouts-retries-and-backoff-with-jitter/). SQS accepts whole seconds, so it is at least one.

    Args:
        receive_count: how often the message has been received, including this time.
    """
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(receive_count - 1, 30))
    return max(1, math.ceil(random.uniform(0, longest)))  # noqa: S311 (jitter, not a secret)


def hide(record: "SQSRecord", seconds: int) -> None:
    """Delay the redelivery of a failed message.

    If SQS refuses the call, the message is redelivered after its visibility timeout: later, but not lost.
    """
    try:
        _sqs.change_message_visibility(
            QueueUrl=_queue_url(record), ReceiptHandle=record.receipt_handle, VisibilityTimeout=seconds
        )
    except (ClientError, BotoCoreError) as error:
        log_unavailable(error)


def put_off(record: "SQSRecord", error: Exception) -> None:
    """Log a failure, and delay the redelivery of its message."""
    # Powertools would log the text of exceptions, which may contain personal data.
    log_failure(error)
    attempts = int(record.attributes.approximate_receive_count)
    seconds = backoff(attempts)
    logger.info("retry scheduled", extra={"attempts": attempts, "seconds": seconds})
    hide(record, seconds)


def send_again(record: "SQSRecord", postponed: Postponed, age: float) -> None:
    """Send a delayed copy of a message to its queue; the copy's receive count starts at zero.

    The message itself is then complete. If it is received again nevertheless, the event's id shows that it is a
    duplicate.

    Args:
        record: the message.
        postponed: the exception that the work raised.
        age: seconds since the event. The delay grows with it; after a day no further copy is sent.

    Raises:
        Postponed: if the event is older than a day; the message then fails like any other.
        ClientError, BotoCoreError: if SQS refuses it; the message then fails too.
    """
    if age > POSTPONED_FOR_SECONDS:
        raise postponed
    seconds = max(postponed.seconds, min(int(age / SLOWED_BY), LONGEST_DELAY_SECONDS))
    _sqs.send_message(QueueUrl=_queue_url(record), MessageBody=record.body, DelaySeconds=seconds)
    logger.info("postponed", extra={"seconds": seconds})


def _queue_url(record: "SQSRecord") -> str:
    """Return the URL of the queue that a message came from, composed like SQS does; needs no call and no permission."""
    account, name = record.event_source_arn.split(":")[-2:]
    return f"{_sqs.meta.endpoint_url}/{account}/{name}"
