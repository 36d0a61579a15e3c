"""The protocol of Valkey and Redis on one connection: RESP 2 (valkey.io, "Serialization protocol specification").

A client library takes longer to import than a cold start may (`docs/decisions/cache.md`), and would be used for six
commands.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

DEFAULT_PORT = 6379
MAX_REPLY = 16 * 1024 * 1024
"""Bytes of a string that is accepted from the server."""
MAX_REPLIES = 1024
"""Elements of an array that is accepted from the server."""
_CHUNK = 65_536

type Argument = str | bytes | int
type Command = tuple[Argument, ...]
type Reply = bytes | int | list["Reply"] | "Refused" | None


class Disconnected(OSError):
    """The server has closed the connection, or does not speak RESP."""


class Refused(Exception):
    """The server's reply to a command is an error: its first word, such as `OOM`; the rest may contain keys."""


@dataclass(frozen=True)
class Address:
    """Where a server is, and how to sign in; never logged."""

    host: str
    port: int
    tls: bool
    username: str = ""
    password: str = ""
    database: int = 0

    def __repr__(self) -> str:
        return "Address(…)"


def address_of(url: str) -> Address:
    """Return the address of `redis[s]://[[user]:password@]host[:port][/database]`."""
    parts = urlsplit(url)
    return Address(
        host=parts.hostname or "",
        port=parts.port or DEFAULT_PORT,
        tls=parts.scheme == "rediss",
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=int(parts.path.strip("/") or 0),
    )


class Connection:
    """A connection that is signed in. After any exception, close it: replies may still be on their way."""

    def __init__(self, address: Address, seconds: float) -> None:
        """Connect.

        Args:
            address: the server.
            seconds: time for everything together, except the look-up of the name.

        Raises:
            OSError: if the server cannot be reached in time, or its certificate is not valid for its name.
            Refused: if it does not accept the password.
        """
        deadline = time.monotonic() + seconds
        self._buffer = bytearray()
        self.used = False
        """Whether it has exchanged commands before: if so, the server may have closed it meanwhile."""
        plain = socket.create_connection((address.host, address.port), timeout=seconds)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(_left(deadline))
            self._socket = _secured(plain, address.host) if address.tls else plain
            self._sign_in(address, deadline)
        except BaseException:
            plain.close()
            raise

    def exchange(self, commands: Iterable[Command], deadline: float) -> list[Reply]:
        """Send commands together and return their replies; the reply to one may be `Refused`.

        Raises:
            OSError: if the connection fails, or the deadline (`time.monotonic`) passes.
        """
        encoded = [_encoded(command) for command in commands]
        self._socket.settimeout(_left(deadline))
        self._socket.sendall(b"".join(encoded))
        replies = [self._reply(deadline) for _ in encoded]
        self.used = True
        return replies

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _sign_in(self, address: Address, deadline: float) -> None:
        commands: list[Command] = []
        if address.password:
            commands.append(("AUTH", *([address.username] if address.username else []), address.password))
        if address.database:
            commands.append(("SELECT", address.database))
        for reply in self.exchange(commands, deadline) if commands else ():
            if isinstance(reply, Refused):
                raise reply
        self.used = False

    def _reply(self, deadline: float) -> Reply:
        line = self._line(deadline)
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest
        if kind == b"-":
            return Refused(rest.split(b" ", 1)[0].decode("ascii", "replace"))
        if kind == b":":
            return _number(rest)
        if kind == b"$":
            return self._string(_number(rest), deadline)
        if kind == b"*":
            return self._array(_number(rest), deadline)
        raise Disconnected("not a reply")

    def _string(self, length: int, deadline: float) -> bytes | None:
        if length < 0:
            return None
        if length > MAX_REPLY:
            raise Disconnected("the reply is too long")
        self._fill(length + 2, deadline)
        found = bytes(self._buffer[:length])
        del self._buffer[: length + 2]
        return found

    def _array(self, length: int, deadline: float) -> list[Reply] | None:
        if length < 0:
            return None
        if length > MAX_REPLIES:
            raise Disconnected("the reply is too long")
        return [self._reply(deadline) for _ in range(length)]

    def _line(self, deadline: float) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\r\n", searched)) < 0:
            searched = max(0, len(self._buffer) - 1)
            if searched > _CHUNK:
                raise Disconnected("the line is too long")
            self._receive(deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _fill(self, length: int, deadline: float) -> None:
        while len(self._buffer) < length:
            self._receive(deadline)

    def _receive(self, deadline: float) -> None:
        self._socket.settimeout(_left(deadline))
        received = self._socket.recv(_CHUNK)
        if not received:
            raise Disconnected("closed by the server")
        self._buffer += received


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    """Return the connection after the TLS handshake.

    The trusted authorities are the system's, or those of the file that `SSL_CERT_FILE` names (OpenSSL).
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context.wrap_socket(plain, server_hostname=host)


def _encoded(command: Command) -> bytes:
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def _number(text: bytes) -> int:
    try:
        return int(text)
    except ValueError:
        raise Disconnected("not a number") from None


def _left(deadline: float) -> float:
    """Return the seconds until a deadline; a socket's timeout of 0 would mean not to wait at all.

    Raises:
        TimeoutError: if it has passed.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
