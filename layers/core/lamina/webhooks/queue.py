"""Messages that say: look whether this delivery is to be tried.

They are hints. What is to be done stands in the table, and the schedule that looks there once a minute sends the
message again if one is lost; one that comes twice finds nothing to do.
"""

import json
from collections.abc import Iterable
from math import ceil

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lamina.aws import CALLS
from lamina.observability.logs import log_unavailable
from lamina.settings import settings

LONGEST_DELAY_SECONDS = 900
"""What SQS holds a message back for at the most (API_SendMessage)."""

type DeliveryKey = tuple[str, str]
"""Ids of a webhook and of a delivery."""

_sqs = boto3.client("sqs", config=CALLS)


def enqueue(places: Iterable[DeliveryKey], after: float = 0) -> None:
    """Have deliveries looked at, in so many seconds. A failure is logged and no more: the schedule will come to them.

    A message belongs to the group of its webhook, so that SQS itself sees to it that a busy one does not keep others
    waiting (SQS developer guide, "Amazon SQS fair queues").
    """
    for webhook_id, delivery_id in places:
        try:
            _sqs.send_message(
                QueueUrl=settings().deliveries,
                MessageBody=json.dumps({"webhook_id": webhook_id, "delivery_id": delivery_id}),
                MessageGroupId=webhook_id,
                DelaySeconds=min(ceil(after), LONGEST_DELAY_SECONDS),
            )
        except (BotoCoreError, ClientError) as error:
            log_unavailable(error)


def read_message(body: str) -> DeliveryKey:
    """Read a message back."""
    message = json.loads(body)
    return str(message["webhook_id"]), str(message["delivery_id"])
