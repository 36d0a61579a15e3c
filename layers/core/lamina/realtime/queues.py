"""Messages that functions of the WebSocket API send to the consumers of its queues."""

import json

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lamina.aws import CALLS
from lamina.observability.logs import log_unavailable
from lamina.realtime.model import INIT_SECONDS
from lamina.settings import settings

_sqs = boto3.client("sqs", config=CALLS)


def check_later(connection_id: str, delay: int = INIT_SECONDS + 1) -> None:
    """Schedule a check of whether a connection may stay open.

    Args:
        connection_id: the connection.
        delay: seconds until then; by default the time that a client has to initialise it.
    """
    _send(settings().close_sockets, {"connection_id": connection_id}, delay=delay)


def warm_up() -> None:
    """Start a process that pushes events, if there is none: the first event would wait for it."""
    _send(settings().push_events, {})


def _send(queue: str, message: dict[str, str], delay: int = 0) -> None:
    """Send a message. A failure is logged, because what it is for is not essential."""
    try:
        _sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(message), DelaySeconds=delay)
    except (BotoCoreError, ClientError) as error:
        log_unavailable(error)
