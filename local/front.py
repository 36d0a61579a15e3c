"""The front: passes every request on to the REST API in the local AWS, as API Gateway's edge would receive it.

The path stays percent-encoded all the way into the function's event, as REST APIs deliver it: MiniStack decodes a path
once, so each `%` is sent on as `%25`.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import quote

import aiohttp
import yarl
from aiohttp import web
from multidict import CIMultiDict

from local import pages
from local.account import RUN_HEADER, Account, names_this_machine
from local.envelope import SECURITY_HEADERS, Answer, refuse
from local.protocol import Server
from local.settings import HOST, Settings
from local.stack import STAGE
from local.terminal import complain
from local.traces import HEADER, Gateway, Traces
from local.tunnels import Refusal, Tunnels, Within, wants_websocket

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
BODY_LIMIT = 10 * 1024 * 1024
# As above: the request line and the values of all headers.
HEADERS_LIMIT = 10_240
# A client that was told 413 before it had sent everything would see a broken connection: read this much more.
DRAIN_LIMIT = 64 * 1024 * 1024
HEAD_LIMIT = 64 * 1024
# Below what the local AWS keeps, so that a connection is never used as it closes.
KEEP_ALIVE_SECONDS = 30
# The longest that API Gateway waits for a function.
ANSWER_SECONDS = 29
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
# What API Gateway makes itself; a client's are not believed.
REPLACED = {"host", "content-length", "expect", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"} | {
    RUN_HEADER.lower(),
    HEADER.lower(),
}
# What only MiniStack sends, or aiohttp writes again.
NOT_PASSED_BACK = {"x-amz-request-id", "x-amz-id-2", "server", "content-length"}
# What MiniStack says of an API or a stage that is not there; the API itself never says it.
GONE = {(404, b'{"message": "Not Found"}'), (403, b'{"message":"Forbidden"}')}
RETRY = {"Retry-After": "1"}
REALTIME = "/realtime"
# API Gateway negotiates no extension of the protocol, such as compression.
NOT_OF_SOCKETS = {"sec-websocket-extensions"}
NO_SUCH_API = (403, b"")
"""What the local AWS says of a WebSocket API that is not there; a refusal of `$connect` has a body."""
STALE = "X-Lamina-Stale"
"""Header of responses while a saved file cannot be compiled: `functions/users/get.py:20: invalid syntax`."""
NOT_LOADED = "The function cannot be loaded"
TOO_LONG_A_HEAD = (
    "The gateway refused this request. "
    "Send valid HTTP, with a request line and headers of at most 10,240 bytes together."
)
OUR_SIDE = "An internal error occurred."
TRIES = 40
TRY_AGAIN_SECONDS = 0.1
# What API Gateway knows (https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-method-settings.html).
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ALLOW = {"Allow": ", ".join(METHODS)}
ASCII = "".join(chr(code) for code in range(0x21, 0x7F))

type Local = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Front:
    """Serves one port: `local` serves `/_local` and the pages of mailed links, the API everything else.

    `find` points the front at the API as it is now, where a deploy has put another in its place. `explain` says what
    keeps a function from being loaded, given the message of its failure. `traces` keeps what is traced. `within` limits
    how long something may take.
    """

    def __init__(
        self,
        settings: Settings,
        local: Local,
        find: Callable[[], Awaitable[None]],
        explain: Callable[[str], str | None],
        traces: Traces,
        within: Within,
    ) -> None:
        self._traces = traces
        self._within = within
        self._port = settings.port
        self._origins = set(settings.origins.split(","))
        self._secret: dict[str, str] = {}
        self._local = local
        self._find = find
        self._explain = explain
        self.look: Callable[[], Awaitable[None]] | None = None
        """Called before a request is passed on: applies changes of the sources."""
        self.record: Callable[..., None] | None = None
        """Called after a request is answered (`local.console.recorder`)."""
        self.stale: Callable[[], str] = str
        """Returns which saved sources do not run because they cannot be compiled; empty if all do."""
        self._session: aiohttp.ClientSession | None = None
        self._tunnels = Tunnels(within)
        self._server = Server(
            self._serve, access_log=None, max_line_size=HEAD_LIMIT, max_field_size=HEAD_LIMIT, auto_decompress=False
        )
        self._runner = web.ServerRunner(self._server, handle_signals=False, shutdown_timeout=5)
        self.api: str | None = None
        """URL of the API: `http://127.0.0.1:<port>/_aws/execute-api/<id>/live`; None until it is deployed."""
        self._sockets: yarl.URL | None = None

    def point_at(self, account: Account, api_id: str, socket_api_id: str | None) -> None:
        """Pass requests on to this API, and WebSockets to the other, from now on."""
        self._secret = account.headers
        self.api = f"{account.endpoint}/_aws/execute-api/{api_id}/{STAGE}"
        sockets = f"{account.endpoint}/_aws/execute-api/{socket_api_id}/{STAGE}"
        self._sockets = yarl.URL(sockets) if socket_api_id else None

    async def listen(self) -> None:
        """Bind the port on 127.0.0.1. Raises OSError where it is taken."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=HEAD_LIMIT,
            max_field_size=HEAD_LIMIT,
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port, backlog=1024).start()
        await self._traces.listen(self._port)

    async def close(self) -> None:
        """Stop listening, close WebSockets, wait shortly for requests in flight, and close all connections."""
        self._tunnels.close()
        await self._runner.cleanup()
        self._traces.close()
        if self._session is not None:
            await self._session.close()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if reason := self._foreign(request):
            return refuse(403, "FORBIDDEN", reason, request.headers, readable=False)
        if request.path == "/" and request.method in {"GET", "HEAD"} and pages.wants_html(request):
            return Answer(status=302, headers={**SECURITY_HEADERS, "Location": "/docs"})
        if pages.serves(request.path):
            return await self._local(request)
        if _size_of_head(request) > HEADERS_LIMIT:
            return refuse(431, "BAD_REQUEST", TOO_LONG_A_HEAD, request.headers)
        if request.path == REALTIME and wants_websocket(request):
            return await self._socket(request)
        return await self._request(request)

    async def _request(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await _body(request)
        if body is None:
            return refuse(413, "PAYLOAD_TOO_LARGE", "The body is too large. The limit is 1 MB.", request.headers)
        started, traced = time.time(), self._traces.begin(request.headers.get(HEADER, ""))
        answer = await self._api_answer(request, body, traced)
        if stale := self.stale():
            answer.headers[STALE] = stale.encode("ascii", "backslashreplace").decode()
        if isinstance(answer, web.Response):
            self._show(request, body, traced.trace_id, started, answer)
        return answer

    def _show(self, request: web.BaseRequest, body: bytes, trace: str, started: float, answer: web.Response) -> None:
        """Pass a request to the console."""
        if self.record is None:
            return
        try:
            self.record(
                method=request.method,
                path=request.raw_path,
                trace=trace,
                started=started,
                milliseconds=(time.time() - started) * 1000,
                client=request.remote or "",
                request=(list(request.headers.items()), body),
                response=(
                    answer.status,
                    list(answer.headers.items()),
                    answer.body if isinstance(answer.body, bytes) else b"",
                ),
            )
        except Exception as error:  # noqa: BLE001 (a request is answered, whatever the console makes of it)
            complain(f"console: {request.method} {request.path} is not shown: {error!r}")

    def _foreign(self, request: web.BaseRequest) -> str | None:
        """Return why a request is refused: a foreign origin or a foreign host name."""
        if not names_this_machine(request.headers.get("Host", "")):
            return f"The local stack is available at {HOST} and localhost only."
        origins = request.headers.getall("Origin", [])
        if not self._origins.issuperset(origins):
            return "This origin is not allowed to call the local stack. Allow it with ALLOWED_ORIGINS=… make run."
        return None

    async def _api_answer(self, request: web.BaseRequest, body: bytes, traced: Gateway) -> web.StreamResponse:
        if request.method not in METHODS:
            return refuse(405, "METHOD_NOT_ALLOWED", "No path supports this method.", request.headers, ALLOW)
        if self.look is not None:
            await self.look()
        try:
            for _ in range(TRIES if self.api else 0):
                passed = self._pass_on(request, self.api, body, traced.header) if self.api else None
                answer = await self._within(ANSWER_SECONDS, passed) if passed else None
                if answer is not None:
                    self._traces.end(traced, request.method, answer.status)
                    return answer
                await asyncio.sleep(TRY_AGAIN_SECONDS)
                await self._find()
            return _unavailable(request, "The local stack is starting.")
        except TimeoutError:
            return refuse(504, "INTERNAL", "The function timed out.", request.headers, RETRY)
        except (aiohttp.ClientError, ConnectionError):
            return _unavailable(request, "The local AWS does not respond.")

    async def _socket(self, request: web.BaseRequest) -> web.StreamResponse:
        """Connect a WebSocket, and return when it has ended; or refuse it."""
        answer = await self._socket_answer(request)
        answer.force_close()  # after a request for a WebSocket, a connection serves no other
        return answer

    async def _socket_answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.look is not None:
            await self.look()
        try:
            for _ in range(TRIES if self.api and self._sockets else 0):
                answer = await self._connect(request, self._sockets) if self._sockets else None
                if answer is not None:
                    return answer
                await asyncio.sleep(TRY_AGAIN_SECONDS)
                await self._find()
            return _unavailable(request, "The local stack is starting.")
        except TimeoutError:
            return refuse(504, "INTERNAL", "The function timed out.", request.headers, RETRY)
        except OSError:
            return _unavailable(request, "The local AWS does not respond.")

    async def _connect(self, request: web.BaseRequest, sockets: yarl.URL) -> web.StreamResponse | None:
        """Return the response of a WebSocket that has ended, or was refused; None if that API no longer exists."""
        headers = self._request_headers(request)
        for name in NOT_OF_SOCKETS:
            headers.popall(name, None)
        target = sockets.raw_path + _target(request.raw_path).removeprefix(REALTIME)
        answer = await self._tunnels.carry(request, (HOST, int(sockets.port or 0)), target, headers)
        if not isinstance(answer, Refusal):
            return answer
        if (answer.status, answer.body) == NO_SUCH_API:
            return None
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
        return Answer(status=answer.status, headers=kept, body=answer.body)

    async def _pass_on(self, request: web.BaseRequest, api: str, body: bytes, trace: str) -> web.StreamResponse | None:
        """Return the API's response; None if that API no longer exists, and so has not received the request."""
        assert self._session is not None  # noqa: S101  listen() came first
        url = yarl.URL(api + _target(request.raw_path), encoded=True)
        headers = self._request_headers(request)
        headers[HEADER] = trace
        async with self._session.request(
            request.method, url, headers=headers, data=body or None, allow_redirects=False
        ) as answer:
            content = await answer.read()
            if (answer.status, content) in GONE:
                return None
            failure = _own_failure(answer.status, content)
            if failure is not None:
                explained = self._explain(failure)
                complain(f"{request.method} {request.path}: {explained or failure}")
                message = f"{NOT_LOADED}: {explained}" if explained else OUR_SIDE
                return refuse(answer.status, "INTERNAL", message, request.headers, RETRY)
            return _passed_back(request, answer.status, answer.raw_headers, content)

    def _request_headers(self, request: web.BaseRequest) -> CIMultiDict[str]:
        """Return the client's header lines in order, with those replaced that API Gateway sets itself."""
        dropped = (
            HOP_BY_HOP | REPLACED | {name.strip().lower() for name in request.headers.get("Connection", "").split(",")}
        )
        headers: CIMultiDict[str] = CIMultiDict()
        for name, value in request.headers.items():
            if name.lower() not in dropped:
                headers.add(name, _as_text(value))
        headers.update(self._secret)
        headers["Host"] = f"{HOST}:{self._port}"
        headers["X-Forwarded-For"] = request.remote or HOST
        headers["X-Forwarded-Proto"] = "http"
        headers["X-Forwarded-Port"] = str(self._port)
        return headers


def _unavailable(request: web.BaseRequest, message: str) -> Answer:
    return refuse(503, "UNAVAILABLE", message, request.headers, RETRY)


def _size_of_head(request: web.BaseRequest) -> int:
    """Return the size of the request line and the values of all headers, in bytes."""
    line = len(request.method) + len(request.raw_path.encode(errors="surrogateescape")) + len(" ") + len(" HTTP/1.1")
    return line + sum(len(value) for _, value in request.raw_headers)


async def _body(request: web.BaseRequest) -> bytes | None:
    """Return the whole body, or None if it exceeds the limit."""
    parts, size = [], 0
    async for part in request.content.iter_any():
        size += len(part)
        if size <= BODY_LIMIT:
            parts.append(part)
        elif size > DRAIN_LIMIT:
            break
    return b"".join(parts) if size <= BODY_LIMIT else None


def _target(raw: str) -> str:
    """Return the request target for MiniStack, so that the event contains the original one."""
    path, mark, query = raw.partition("?")
    if not path.startswith("/"):  # absolute form: http://host/path
        path = yarl.URL(path, encoded=True).raw_path
    encoded_path = _only_ascii(path).replace("#", "%23").replace("%", "%25")
    return encoded_path + mark + _only_ascii(query).replace("#", "%23")


def _as_text(value: str) -> str:
    """Return a header's value, decoded as Latin-1 if it is not UTF-8 (RFC 9110, 5.5); aiohttp would drop bytes."""
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _only_ascii(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe=ASCII)


def _own_failure(status: int, content: bytes) -> str | None:
    """Return the local AWS's message for a request that failed in it rather than in a function; None otherwise."""
    if status < 500:  # noqa: PLR2004  server errors alone
        return None
    try:
        answer: Any = json.loads(content)
    except ValueError:
        return content.decode(errors="replace")[:500] or f"an empty {status}"
    if isinstance(answer, dict) and "error" in answer:
        return None
    return str(answer.get("message", answer) if isinstance(answer, dict) else answer)


def _passed_back(
    request: web.BaseRequest, status: int, lines: Iterable[tuple[bytes, bytes]], content: bytes
) -> web.StreamResponse:
    headers: CIMultiDict[str] = CIMultiDict()
    length = None
    for raw_name, raw_value in lines:
        name, value = raw_name.decode("latin-1"), raw_value.decode("utf-8", "surrogateescape")
        if name.lower() == "content-length":
            length = value
        if name.lower() not in HOP_BY_HOP | NOT_PASSED_BACK:
            headers.add(name, value)
    # Zero is what is sent, not what GET would send; then no length is right (RFC 9110 section 8.6).
    if request.method == "HEAD" and length not in {None, "0"}:
        headers["Content-Length"] = length
        return Answer(status=status, headers=headers)
    return Answer(status=status, headers=headers, body=content)
