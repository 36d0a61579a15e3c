"""Sends messages over connections, and closes them, by the management API of API Gateway.

https://docs.aws.amazon.com/apigatewaymanagementapi/latest/api/
"""

import os
import random
import time
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote, urlsplit

from lamina.observability.logs import logger
from lamina.settings import settings
from lamina.storage.connections import NotSentError, OutcomeUnknownError, RawResponse, Requests, pooled_requests
from lamina.storage.signing import credentials_of_process, signed_request

THREADS = 32
"""Messages sent at a time by a process."""
SEND_SECONDS = 1.0
"""How long a message may take: API Gateway takes milliseconds."""
RETRIES = 2
BACKOFF_SECONDS = 0.1


class Outcome(StrEnum):
    """What became of a message."""

    SENT = "sent"
    GONE = "gone"
    """The connection has ended."""
    FAILED = "failed"
    """Not accepted, or perhaps accepted: it may be sent again."""


class Sockets(Protocol):
    """The connections of clients."""

    def post(self, connection_id: str, message: str) -> Outcome:
        """Send a message."""

    def close(self, connection_id: str) -> None:
        """End a connection, if it has not ended."""


class ApiGatewaySockets:
    """Connections of a WebSocket API of API Gateway."""

    def __init__(self, endpoint: str, region: str, requests: Requests | None = None) -> None:
        """Create a client.

        Args:
            endpoint: URL of the API's stage, `https://{api}.execute-api.{region}.amazonaws.com/{stage}`.
            region: region of the API.
            requests: sends a request; by default over connections of its own.
        """
        self._base, self._host, self._region = urlsplit(endpoint).path.rstrip("/"), urlsplit(endpoint).netloc, region
        self._requests = requests or pooled_requests(endpoint, connections=THREADS, read_seconds=SEND_SECONDS)

    def post(self, connection_id: str, message: str) -> Outcome:
        """Send a message; repeated if API Gateway throttles."""
        answer = self._send("POST", connection_id, message.encode())
        for attempt in range(RETRIES):
            if answer is None or answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 (jitter, not a secret)
            answer = self._send("POST", connection_id, message.encode())
        if answer is not None and answer.status == HTTPStatus.OK:
            return Outcome.SENT
        if answer is not None and answer.status == HTTPStatus.GONE:
            return Outcome.GONE
        logger.warning("message not sent", extra={"status": answer.status if answer else 0})
        return Outcome.FAILED

    def close(self, connection_id: str) -> None:
        """End a connection. A failure is logged: it gets nothing more, and API Gateway ends it in time."""
        answer = self._send("DELETE", connection_id, b"")
        if answer is None or answer.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.GONE}:
            logger.warning("connection not closed", extra={"status": answer.status if answer else 0})

    def _send(self, method: str, connection_id: str, body: bytes) -> RawResponse | None:
        """Send a request; return None if no answer came."""
        path = f"{self._base}/{quote('@connections', safe='')}/{quote(connection_id, safe='')}"
        headers = signed_request(
            method,
            path,
            body,
            host=self._host,
            region=self._region,
            service="execute-api",
            credentials=credentials_of_process(),
            clock=time.time(),
        )
        try:
            return self._requests(method, path, body, headers)
        except (NotSentError, OutcomeUnknownError):
            return None


@cache
def sockets() -> Sockets:
    """Return the connections of this deployment."""
    return ApiGatewaySockets(settings().realtime_endpoint, os.environ["AWS_REGION"])
