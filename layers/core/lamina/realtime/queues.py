"""Messages that functions of the WebSocket API send to the consumers of its queues."""

import json
from math import ceil

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lamina.aws import CALLS
from lamina.observability.logs import log_unavailable
from lamina.realtime.model import INIT_SECONDS
from lamina.settings import settings

_sqs = boto3.client("sqs", config=CALLS)


def check_later(connection_id: str) -> None:
    """Schedule a check of whether a connection is initialised in time; without it, it still gets nothing."""
    _send(settings().close_sockets, {"connection_id": connection_id}, delay=ceil(INIT_SECONDS) + 1)


def warm_up() -> None:
    """Start a process that pushes events, if there is none: the first event would wait for it."""
    _send(settings().push_events, {})


def _send(queue: str, message: dict[str, str], delay: int = 0) -> None:
    """Send a message. A failure is logged, because what it is for is not essential."""
    try:
        _sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(message), DelaySeconds=delay)
    except (BotoCoreError, ClientError) as error:
        log_unavailable(error)
