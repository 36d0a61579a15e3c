"""Messages that trigger the attempt of a delivery.

They are only hints. The table stores what is to be done; a schedule checks it once per minute and sends a lost message
again. A duplicate message finds nothing to do.
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
"""Maximum delay of a message in SQS (API_SendMessage)."""

type DeliveryKey = tuple[str, str]
"""Ids of a webhook and of a delivery."""

_sqs = boto3.client("sqs", config=CALLS)


def enqueue(places: Iterable[DeliveryKey], after: float = 0) -> None:
    """Send messages for deliveries, with a delay. A failure is only logged: the schedule sends the messages again.

    Each message belongs to the group of its webhook, so that SQS does not let a busy one delay the others (SQS
    developer guide, "Amazon SQS fair queues").
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
    """Return the ids in a message."""
    message = json.loads(body)
    return str(message["webhook_id"]), str(message["delivery_id"])
