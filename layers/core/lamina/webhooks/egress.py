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
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from botocore.httpsession import where

from lamina.webhooks.targets import Address, Refused, Target, may_connect, read_target, resolve

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SECONDS = 5.0
"""For everything: the name, the connection, the request and the answer."""
READ_BYTES = 64 * 1024
"""What is read of an answer at the most, its headers counted."""
KEPT_BYTES = 1024
"""What is kept of its body."""

_lookups = ThreadPoolExecutor(32, thread_name_prefix="lookup")


@dataclass(frozen=True)
class Answer:
    """What an endpoint said: the status, the beginning of the body, and the header `Retry-After` as it came."""

    status: int
    body: bytes
    retry_after: str | None = None


class NoAnswer(Exception):
    """There was none, or none that could be read; the text says why, to the owner of the endpoint."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a body to a URL, once.

    Raises:
        Refused: when nothing may be sent there.
        NoAnswer: when there is no answer in time.
    """
    deadline = _Deadline(SECONDS)
    target = read_target(url)
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


def _connected(target: Target, addresses: list[Address], deadline: _Deadline) -> socket.socket:
    """Connect to the first of the checked addresses that answers."""
    refusal: OSError = OSError("no address")
    for address in addresses:
        connection = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)  # noqa: PLR2004 (IPv4)
        try:
            connection.settimeout(deadline.left())
            connection.connect((str(address), target.port))
            return _secured(connection, target, address, deadline)
        except (Refused, ssl.SSLError):
            connection.close()
            raise
        except OSError as error:
            connection.close()
            refusal = error
    raise refusal


def _secured(connection: socket.socket, target: Target, address: Address, deadline: _Deadline) -> socket.socket:
    """Make sure of whom we are connected to: the very address, and by its certificate the host."""
    peer = ip_address(connection.getpeername()[0])
    if peer != address or not may_connect(peer):
        raise Refused("the host has an address that is not public")
    connection.settimeout(deadline.left())
    return _trust().wrap_socket(connection, server_hostname=target.host) if target.tls else connection


@cache
def _trust() -> ssl.SSLContext:
    """Trust whom botocore trusts: its bundle of authorities comes with the layer."""
    return ssl.create_default_context(cafile=where())


def _ask(
    connection: socket.socket, target: Target, body: bytes, headers: Mapping[str, str], deadline: _Deadline
) -> Answer:
    host = f"[{target.host}]" if ":" in target.host else target.host
    client = HTTPConnection(host, target.port)
    client.default_port = 443 if target.tls else 80  # the Host header names no port that is the scheme's own
    client.sock = cast("socket.socket", _Conversation(connection, deadline))
    client.request("POST", target.path, body, {**headers, "Connection": "close"})
    response = client.getresponse()
    return Answer(response.status, _beginning(response), response.getheader("Retry-After"))


def _beginning(response: io.BufferedIOBase) -> bytes:
    """Read the beginning of a body; what did not come in time is not waited for, since the status says it all."""
    kept = b""
    try:
        while len(kept) < KEPT_BYTES and (chunk := response.read1(KEPT_BYTES - len(kept))):
            kept += chunk
    except (OSError, HTTPException):
        return kept
    return kept
