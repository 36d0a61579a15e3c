"""Sends one request to an endpoint of a user: to a verified address, with a deadline and size limits.

`http.client` follows no redirects and uses no proxy. This module adds what it lacks: it connects to an address rather
than a name, so that a name cannot change between check and connection (DNS rebinding), and the deadline applies to the
whole response, however slowly it arrives.
"""

import io
import socket
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, cast

from certifi import where

from lamina.observability import tracing
from lamina.webhooks.targets import Address, Refused, Target, may_connect, read_target, resolve

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SECONDS = 5.0
"""Time limit in seconds for name resolution, connection, request and response together."""
READ_BYTES = 64 * 1024
"""Maximum number of bytes read of a response, including headers."""
KEPT_BYTES = 1024
"""Maximum number of bytes kept of its body."""
ADDRESSES_TRIED = 4
"""Maximum number of addresses tried per host; each one without a response uses up part of the time."""

_lookups = ThreadPoolExecutor(32, thread_name_prefix="lookup")


@dataclass(frozen=True)
class EndpointResponse:
    """The response of an endpoint: status, beginning of the body, and raw `Retry-After` header."""

    status: int
    body: bytes
    retry_after: str | None = None


class NoAnswer(Exception):
    """There was no valid response; the text states the reason for the owner of the endpoint."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> EndpointResponse:
    """Send a body to a URL, once.

    Raises:
        Refused: if requests to the target are not allowed.
        NoAnswer: if there is no valid response in time.
    """
    deadline = _Deadline(SECONDS)
    target = read_target(url)
    with tracing.subsegment(target.host, namespace="remote") as segment:
        response = _post(target, body, headers, deadline)
        segment.put_status(response.status)
        return response


def _post(target: Target, body: bytes, headers: Mapping[str, str], deadline: "_Deadline") -> EndpointResponse:
    try:
        addresses = _lookups.submit(resolve, target).result(deadline.left())
        with _connected(target, addresses, deadline) as connection:
            return _ask(connection, target, body, headers, deadline)
    except TimeoutError:
        raise NoAnswer(f"no response within {SECONDS:g} seconds") from None
    except ssl.SSLCertVerificationError as error:
        raise NoAnswer(f"the certificate is invalid: {error.verify_message}") from None
    except ssl.SSLError:
        raise NoAnswer("the TLS connection failed") from None
    except OSError as error:
        raise NoAnswer(f"the connection failed: {error.strerror or 'it was closed'}") from None
    except HTTPException:
        raise NoAnswer("the response is not HTTP") from None


class _Deadline:
    """A deadline for several steps."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Return how many seconds are left.

        Raises:
            TimeoutError: if none are left.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def share(self, tries: int) -> float:
        """Return the seconds for the first of several attempts; the others, and the response, need time too.

        Raises:
            TimeoutError: if none are left.
        """
        return self.left() / (tries + 1 if tries > 1 else 1)


class _Reader(io.RawIOBase):
    """Reads a socket until the deadline or the size limit is reached."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection, self._deadline, self._left = connection, deadline, READ_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._connection.settimeout(self._deadline.left())
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count


class _Conversation:
    """An object that `http.client` accepts as a socket."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def sendall(self, data: bytes) -> None:
        self._connection.settimeout(self._deadline.left())
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._connection, self._deadline), 4096)

    def close(self) -> None:
        """Do nothing: the opener closes the connection."""


class _FinalResponse(HTTPResponse):
    """The final response after any interim ones; `http.client` skips only 100 (RFC 9110, section 15.2)."""

    def begin(self) -> None:
        """Read until the status is final. 101 is treated as final, because no upgrade was requested."""
        super().begin()
        while HTTPStatus.SWITCHING_PROTOCOLS < self.status < HTTPStatus.OK:
            self.headers = self.msg = None  # type: ignore[assignment]  # with headers, it takes itself for read
            super().begin()


def _connected(target: Target, addresses: list[Address], deadline: _Deadline) -> socket.socket:
    """Return a connection to the first of the checked addresses that responds."""
    refusal: OSError = OSError("no address")
    tried = _in_turn(addresses)
    for left, address in zip(range(len(tried), 0, -1), tried, strict=True):
        try:
            connection = _open(target, address, deadline.share(left))
        except OSError as error:
            refusal = error
            continue
        try:
            return _secured(connection, target, address, deadline)
        except (Refused, ssl.SSLError):
            connection.close()
            raise
        except OSError as error:
            connection.close()
            refusal = error
    raise refusal


def _in_turn(addresses: list[Address]) -> list[Address]:
    """Return the addresses to try: in the resolver's order, with alternating families (RFC 8305, section 4).

    A host whose IPv6 addresses are unreachable is thus reached by the second attempt.
    """
    preferred = [address for address in addresses if address.version == addresses[0].version]
    others = [address for address in addresses if address not in preferred]
    mixed = chain.from_iterable(zip_longest(preferred, others))
    return [address for address in mixed if address is not None][:ADDRESSES_TRIED]


def _open(target: Target, address: Address, seconds: float) -> socket.socket:
    """Open a connection to one address. Without IPv6, creating the socket may already fail."""
    connection = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)  # noqa: PLR2004 (IPv4)
    try:
        connection.settimeout(seconds)
        connection.connect((str(address), target.port))
    except OSError:
        connection.close()
        raise
    return connection


def _secured(connection: socket.socket, target: Target, address: Address, deadline: _Deadline) -> socket.socket:
    """Verify the peer: its address must be the checked one, and its certificate must match the host."""
    peer = ip_address(connection.getpeername()[0])
    if peer != address or not may_connect(peer):
        raise Refused("the host has an address that is not public")
    connection.settimeout(deadline.left())
    return _trust().wrap_socket(connection, server_hostname=target.host) if target.tls else connection


@cache
def _trust() -> ssl.SSLContext:
    """Return a context that trusts public authorities; botocore's bundle in the layer contains only those of AWS."""
    return ssl.create_default_context(cafile=where())


def _ask(
    connection: socket.socket, target: Target, body: bytes, headers: Mapping[str, str], deadline: _Deadline
) -> EndpointResponse:
    host = f"[{target.host}]" if ":" in target.host else target.host
    client = HTTPConnection(host, target.port)
    client.default_port = 443 if target.tls else 80  # the Host header omits the default port
    client.response_class = _FinalResponse
    client.sock = cast("socket.socket", _Conversation(connection, deadline))
    client.request("POST", target.path, body, {**headers, "Connection": "close"})
    response = client.getresponse()
    return EndpointResponse(response.status, _beginning(response), response.getheader("Retry-After"))


def _beginning(response: io.BufferedIOBase) -> bytes:
    """Return the beginning of a body. What does not arrive in time is ignored, since the status is sufficient."""
    kept = b""
    try:
        while len(kept) < KEPT_BYTES and (chunk := response.read1(KEPT_BYTES - len(kept))):
            kept += chunk
    except (OSError, HTTPException):
        return kept
    return kept
