"""Carries WebSockets between clients and the local AWS: the handshake is the local AWS's, and bytes pass unchanged.

Frames arrive as they were sent, because API Gateway limits their size. Each direction is a task that waits for its own
receiver alone, so that a client which reads slowly delays nobody.
"""

import asyncio
import contextlib
import http.client
import io
from collections.abc import Coroutine, Mapping
from typing import Any, NamedTuple, Protocol

from aiohttp import web
from multidict import CIMultiDict

CHUNK = 64 * 1024
HANDSHAKE_SECONDS = 29
"""The longest that API Gateway waits for a function."""
UNREAD_SECONDS = 30
"""A client that reads nothing for this long, with full buffers, is disconnected."""
SWITCHING_PROTOCOLS = 101
END_OF_HEAD = b"\r\n\r\n"
SPELLED = {name.lower(): name for name in ("Sec-WebSocket-Accept", "Sec-WebSocket-Protocol")}
"""As RFC 6455 spells them: some clients, such as gql, compare them letter by letter."""
NOT_COPIED = {"content-length", "transfer-encoding"}


class Within(Protocol):
    """Limits how long something may take, such as `Breakpoints.within`."""

    async def __call__[T](self, seconds: float, work: Coroutine[Any, Any, T], /) -> T:
        """Return what the work returns; raise TimeoutError if it takes longer."""
        ...


class Refusal(NamedTuple):
    """The response of a handshake that did not succeed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Switched(web.StreamResponse):
    """The response after which a connection is a WebSocket; without a `Server` header."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        for name in ("Server", "Content-Type"):
            self.headers.pop(name, None)


type Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter, Refusal | None, CIMultiDict[str]]


class Tunnels:
    """The WebSockets that are open."""

    def __init__(self, within: Within) -> None:
        self._within = within
        self._copying: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Close all of them at once."""
        for task in self._copying:
            task.cancel()

    async def carry(
        self, request: web.BaseRequest, address: tuple[str, int], target: str, headers: CIMultiDict[str]
    ) -> web.StreamResponse | Refusal:
        """Connect to the local AWS, and then the client to it, until one side closes.

        Args:
            request: the client's, which asks for a WebSocket.
            address: host and port of the local AWS.
            target: path and query there.
            headers: to send there, without `Connection` and `Upgrade`.

        Raises:
            OSError: if the local AWS cannot be reached, or closes the connection instead of a response.
            TimeoutError: if it does not respond in time.
        """
        shaking = _shake_hands(address, _head(target, headers))
        reader, writer, refusal, received = await self._within(HANDSHAKE_SECONDS, shaking)
        if refusal is not None:
            writer.close()
            return refusal
        response = Switched(status=SWITCHING_PROTOCOLS, headers=received)
        response.force_close()
        try:
            await response.prepare(request)
            await self._copy_both(request, response, reader, writer)
        finally:
            writer.close()
        return response

    async def _copy_both(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        both = {
            asyncio.create_task(_copy_to_aws(_received(request), writer)),
            asyncio.create_task(_copy_to_client(reader, response, request)),
        }
        self._copying |= both
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._copying -= both
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)


class _Receiver:
    """What aiohttp passes the bytes of an upgraded connection to, where it has its own parser of WebSockets."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._reader.feed_data(bytes(data))
        return False, b""

    def feed_eof(self) -> None:
        self._reader.feed_eof()


def wants_websocket(request: web.BaseRequest) -> bool:
    """Whether a request asks for a WebSocket (RFC 6455 section 4.1)."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


def _received(request: web.BaseRequest) -> asyncio.StreamReader:
    """Return a reader of what the client sends after its request; it stops the client where nobody reads."""
    reader = asyncio.StreamReader(CHUNK)
    if request.transport is not None:
        reader.set_transport(request.transport)
        request.protocol.set_parser(_Receiver(reader))  # type: ignore[arg-type]  # it says what it needs of a parser
    else:
        reader.feed_eof()
    return reader


async def _shake_hands(address: tuple[str, int], head: bytes) -> Opened:
    """Connect, and return the connection with the refusal, if it is refused, and the headers."""
    reader, writer = await asyncio.open_connection(*address, limit=CHUNK)
    try:
        writer.write(head)
        return reader, writer, *await _handshake(reader)
    except BaseException:
        writer.close()
        raise


def _head(target: str, headers: CIMultiDict[str]) -> bytes:
    lines = [f"GET {target} HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + END_OF_HEAD


async def _handshake(reader: asyncio.StreamReader) -> tuple[Refusal | None, CIMultiDict[str]]:
    """Return the response's headers, or a refusal."""
    try:
        head = await reader.readuntil(END_OF_HEAD)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ConnectionResetError("no response") from error
    line, _, lines = head.partition(b"\r\n")
    status = int(line.split()[1])
    parsed = http.client.parse_headers(io.BytesIO(lines))
    lines_kept = [(name, value) for name, value in parsed.items() if name.lower() not in NOT_COPIED]
    headers = CIMultiDict((SPELLED.get(name.lower(), name), value) for name, value in lines_kept)
    if status == SWITCHING_PROTOCOLS:
        return None, headers
    body = await reader.read(int(parsed.get("Content-Length", -1)))
    return Refusal(status, headers, _content(body, parsed.get("Transfer-Encoding", ""))), headers


def _content(body: bytes, encoding: str) -> bytes:
    """Return a body, decoded if it is chunked."""
    if encoding.lower() != "chunked":
        return body
    stream, content = io.BytesIO(body), b""
    while size := int(stream.readline() or b"0", 16):
        content += stream.read(size)
        stream.readline()
    return content


async def _copy_to_aws(received: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await received.read(CHUNK):
            writer.write(chunk)
            await writer.drain()


async def _copy_to_client(reader: asyncio.StreamReader, response: web.StreamResponse, request: web.BaseRequest) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            async with asyncio.timeout(UNREAD_SECONDS):
                await response.write(chunk)
    except (OSError, TimeoutError):
        if request.transport is not None:
            request.transport.abort()
