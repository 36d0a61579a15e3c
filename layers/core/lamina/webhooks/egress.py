"""One request to an endpoint that somebody else has named: to the address that was checked, within seconds, capped.

`http.client` follows no redirect and knows no proxy. What it lacks is here: it connects to an address and not to a
name, so that a name that changes its mind between check and connection gains nothing (DNS rebinding), and it waits for
the whole answer no longer than the deadline, however slowly the bytes come.
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
"""For everything: the name, the connection, the request and the answer."""
READ_BYTES = 64 * 1024
"""What is read of an answer at the most, its headers counted."""
KEPT_BYTES = 1024
"""What is kept of its body."""
ADDRESSES_TRIED = 4
"""Of a host that has more; each that does not answer takes its share of the time."""

_lookups = ThreadPoolExecutor(32, thread_name_prefix="lookup")


@dataclass(frozen=True)
class EndpointResponse:
    """What an endpoint said: the status, the beginning of the body, and the header `Retry-After` as it came."""

    status: int
    body: bytes
    retry_after: str | None = None


class NoAnswer(Exception):
    """There was none, or none that could be read; the text says why, to the owner of the endpoint."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> EndpointResponse:
    """Send a body to a URL, once.

    Raises:
        Refused: when nothing may be sent there.
        NoAnswer: when there is no answer in time.
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
        raise NoAnswer(f"no answer within {SECONDS:g} seconds") from None
    except ssl.SSLCertVerificationError as error:
        raise NoAnswer(f"the certificate is not good: {error.verify_message}") from None
    except ssl.SSLError:
        raise NoAnswer("the TLS connection failed") from None
    except OSError as error:
        raise NoAnswer(f"the connection failed: {error.strerror or 'it was closed'}") from None
    except HTTPException:
        raise NoAnswer("the answer is not HTTP") from None


class _Deadline:
    """An instant by which everything is to be done."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Tell how many seconds are left.

        Raises:
            TimeoutError: when none are.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def share(self, tries: int) -> float:
        """Return the seconds that the first of so many tries may take: the others, and the answer, need theirs.

        Raises:
            TimeoutError: when none are left.
        """
        return self.left() / (tries + 1 if tries > 1 else 1)


class _Reader(io.RawIOBase):
    """Reads a socket until the deadline and the limit, however the bytes come."""

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
    """What `http.client` takes for a socket."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def sendall(self, data: bytes) -> None:
        self._connection.settimeout(self._deadline.left())
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._connection, self._deadline), 4096)

    def close(self) -> None:
        """Leave it to whoever has opened it."""


class _FinalResponse(HTTPResponse):
    """The response after any interim ones, of which `http.client` skips 100 alone (RFC 9110, section 15.2)."""

    def begin(self) -> None:
        """Read until a status that is final. To 101 nobody has asked us to switch, so it is final too."""
        super().begin()
        while HTTPStatus.SWITCHING_PROTOCOLS < self.status < HTTPStatus.OK:
            self.headers = self.msg = None  # type: ignore[assignment]  # with headers, it takes itself for read
            super().begin()


def _connected(target: Target, addresses: list[Address], deadline: _Deadline) -> socket.socket:
    """Connect to the first of the checked addresses that answers."""
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
    """Return the addresses to try: the resolver's order, but families alternate (RFC 8305, section 4).

    So a host whose IPv6 addresses lead nowhere, from here or at all, is reached by its second try.
    """
    preferred = [address for address in addresses if address.version == addresses[0].version]
    others = [address for address in addresses if address not in preferred]
    mixed = chain.from_iterable(zip_longest(preferred, others))
    return [address for address in mixed if address is not None][:ADDRESSES_TRIED]


def _open(target: Target, address: Address, seconds: float) -> socket.socket:
    """Open a connection to one address; a machine without IPv6 cannot even make the socket."""
    connection = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)  # noqa: PLR2004 (IPv4)
    try:
        connection.settimeout(seconds)
        connection.connect((str(address), target.port))
    except OSError:
        connection.close()
        raise
    return connection


def _secured(connection: socket.socket, target: Target, address: Address, deadline: _Deadline) -> socket.socket:
    """Make sure of whom we are connected to: the very address, and by its certificate the host."""
    peer = ip_address(connection.getpeername()[0])
    if peer != address or not may_connect(peer):
        raise Refused("the host has an address that is not public")
    connection.settimeout(deadline.left())
    return _trust().wrap_socket(connection, server_hostname=target.host) if target.tls else connection


@cache
def _trust() -> ssl.SSLContext:
    """Trust the public authorities: botocore's own bundle is cut to those of AWS when its layer is built."""
    return ssl.create_default_context(cafile=where())


def _ask(
    connection: socket.socket, target: Target, body: bytes, headers: Mapping[str, str], deadline: _Deadline
) -> EndpointResponse:
    host = f"[{target.host}]" if ":" in target.host else target.host
    client = HTTPConnection(host, target.port)
    client.default_port = 443 if target.tls else 80  # the Host header names no port that is the scheme's own
    client.response_class = _FinalResponse
    client.sock = cast("socket.socket", _Conversation(connection, deadline))
    client.request("POST", target.path, body, {**headers, "Connection": "close"})
    response = client.getresponse()
    return EndpointResponse(response.status, _beginning(response), response.getheader("Retry-After"))


def _beginning(response: io.BufferedIOBase) -> bytes:
    """Read the beginning of a body; what did not come in time is not waited for, since the status says it all."""
    kept = b""
    try:
        while len(kept) < KEPT_BYTES and (chunk := response.read1(KEPT_BYTES - len(kept))):
            kept += chunk
    except (OSError, HTTPException):
        return kept
    return kept
