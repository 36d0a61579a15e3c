"""HTTP connections to AWS: kept alive, shared by threads, and precise about what is known after a failure."""

import os
import select
import socket
import ssl
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import botocore

CONNECT_SECONDS: Final = 1.0
READ_SECONDS: Final = 2.0


@dataclass(frozen=True)
class RawResponse:
    """An HTTP response: status, headers by lower-case name, and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class OutcomeUnknownError(Exception):
    """The request was sent, but no valid response was received: it may have been applied."""


class NotSentError(Exception):
    """No connection was established, so nothing was applied."""


type Exchange = Callable[[bytes, Mapping[str, str]], RawResponse]
"""Sends one signed request and returns the response; raises `NotSentError` or `OutcomeUnknownError`."""
type Requests = Callable[[str, str, bytes, Mapping[str, str]], RawResponse]
"""Sends one signed request, given its method and path, and returns the response; raises the same."""


def pooled_exchange(endpoint_url: str, *, connections: int = 10, read_seconds: float = READ_SECONDS) -> Exchange:
    """Return an exchange over a pool of kept-alive connections that threads may share.

    Args:
        endpoint_url: `https://host` or `http://host:port`.
        connections: maximum number of connections kept alive.
        read_seconds: read timeout in seconds.
    """
    requests = pooled_requests(endpoint_url, connections=connections, read_seconds=read_seconds)
    return lambda body, headers: requests("POST", "/", body, headers)


def pooled_requests(
    endpoint_url: str,
    *,
    connections: int = 10,
    read_seconds: float = READ_SECONDS,
    trust: ssl.SSLContext | None = None,
) -> Requests:
    """Return a function that sends any request over a pool of connections.

    Args:
        endpoint_url: as `pooled_exchange` has it, and so the others.
        connections: as above.
        read_seconds: as above.
        trust: the certificate authorities, if they are not those of AWS.
    """
    connect = _connector(endpoint_url, trust)
    idle: deque[HTTPConnection] = deque()

    def send(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> RawResponse:
        connection = _reusable(idle) or connect(read_seconds)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
        except (HTTPException, OSError) as error:
            connection.close()
            raise OutcomeUnknownError(type(error).__name__) from error
        if connection.sock is not None and len(idle) < connections:  # and the server keeps it open
            idle.append(connection)
        else:
            connection.close()
        return RawResponse(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    weakref.finalize(send, _close_all, idle)
    return send


def _close_all(idle: deque[HTTPConnection]) -> None:
    while idle:
        idle.pop().close()


def _connector(endpoint_url: str, trust: ssl.SSLContext | None) -> Callable[[float], HTTPConnection]:
    """Return a function that connects to an endpoint; it takes the read timeout, and raises `NotSentError`."""
    url = urlsplit(endpoint_url)
    context = trust or ssl.create_default_context(cafile=certificate_authorities()) if url.scheme == "https" else None

    def connect(read_seconds: float) -> HTTPConnection:
        host = str(url.hostname)
        connection = (
            HTTPSConnection(host, url.port, timeout=CONNECT_SECONDS, context=context)
            if context
            else HTTPConnection(host, url.port, timeout=CONNECT_SECONDS)
        )
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise NotSentError(type(error).__name__) from error
        connection.sock.settimeout(read_seconds)
        return connection

    return connect


def _reusable(idle: deque[HTTPConnection]) -> HTTPConnection | None:
    """Remove and return the connection that was used last and is still open; close those that the server has closed."""
    while True:
        try:
            connection = idle.pop()
        except IndexError:
            return None
        if not _is_readable(connection.sock):
            return connection
        connection.close()


def _is_readable(idle: socket.socket) -> bool:
    """Return whether a socket on which nothing is expected has something to read: its end."""
    poll = select.poll()
    poll.register(idle, select.POLLIN)
    return bool(poll.poll(0))


def certificate_authorities() -> str:
    """Return the file of certificate authorities that the environment names, or botocore's."""
    return os.environ.get("AWS_CA_BUNDLE") or str(Path(botocore.__file__).with_name("cacert.pem"))


def dynamodb_endpoint(region: str) -> str:
    """Return the URL of DynamoDB in a region, or the one that the environment names."""
    given = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return given or f"https://dynamodb.{region}.{suffix}"
