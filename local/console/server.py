"""Serves the console under `/_local`: one document for every view, its modules and styles, data, actions, one stream.

The front has checked `Host` and `Origin` before. An action must in addition come from the stack's own origin and carry
the token of this run, which only the console's document has.
"""

import asyncio
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import unquote, urlsplit

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from local.account import names_this_machine
from local.console import bus, faults, letters, life, logbook, mailbox, people, requests, sagas, table
from local.console.context import Act, ActionError, Context, NotThereError, Query, Read
from local.console.journal import Entry
from local.envelope import SECURITY_HEADERS, Answer, refuse

ROOT = "/_local"
ASSETS = f"{ROOT}/assets/"
DATA = f"{ROOT}/data/"
ACTIONS = f"{ROOT}/actions/"
STREAM = f"{ROOT}/stream"
TOKEN = "X-Lamina-Token"  # noqa: S105  the name of a header
VIEWS = ("requests", "mail", "events", "queues", "table", "users", "orders", "faults", "logs")
WEB = Path(__file__).with_name("web")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
HTML = "/html"
"""The end of the path of a mail as it looks, for a frame."""
UNREACHABLE = (OSError, BotoCoreError, ClientError)
REFUSALS = (NotThereError, ActionError, ValueError, KeyError, TypeError, *UNREACHABLE)
KEEP_ALIVE_SECONDS = 15
QUEUED = 5_000
REPLAYED = 500
"""Maximum number of entries that a stream repeats after a lost connection."""

type Stream = asyncio.Queue[Entry | None]
"""Entries to be sent; None ends it."""


class Console:
    """The console of one run.

    Args:
        context: what it shows.
    """

    def __init__(self, context: Context) -> None:
        self.journal = context.journal
        self._url = context.settings.url
        self._token = secrets.token_urlsafe(32)
        self._streams: set[Stream] = set()
        self._context = context

    def close(self) -> None:
        """End all streams."""
        for stream in self._streams:
            stream.put_nowait(None)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """Return the response to a request; None if the path is none of the console's."""
        path = request.path
        if path == STREAM:
            return await self._stream(request)
        if path.startswith(ACTIONS):
            return await self._act(request, path.removeprefix(ACTIONS))
        return await self._read(request, path) if request.method in {"GET", "HEAD"} else None

    async def _read(self, request: web.BaseRequest, path: str) -> web.StreamResponse | None:
        if path.startswith(ASSETS):
            return _asset(request, path.removeprefix(ASSETS))
        if path.startswith(DATA):
            return await self._data(request, path.removeprefix(DATA))
        return self._document(request) if is_view(path) else None

    def _document(self, request: web.BaseRequest) -> Answer:
        host = request.headers.get("Host", "")
        own = f"http://{host}"
        policy = (
            f"default-src 'none'; script-src {own}{ASSETS}; style-src {own}{ASSETS}; img-src {own} data:; "
            f"connect-src {own}; frame-src {own}{ROOT}/; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        html = Template((WEB / "index.html").read_text(encoding="utf-8")).substitute(token=self._token, url=self._url)
        headers = {**SECURITY_HEADERS, "Content-Security-Policy": policy}
        return Answer(text=html, headers=headers, content_type="text/html", charset="utf-8")

    async def _data(self, request: web.BaseRequest, path: str) -> Answer:
        name, _, identifier = path.partition("/")
        read = READS.get(name)
        if read is None or _is_foreign(request.headers):
            return refuse(404, "NOT_FOUND", "The resource was not found.", request.headers)
        try:
            return _json(await asyncio.to_thread(read, self._context, unquote(identifier), dict(request.query)))
        except REFUSALS as error:
            return _refused(request, error)

    async def _act(self, request: web.BaseRequest, name: str) -> Answer:
        if request.method != "POST":
            return refuse(405, "METHOD_NOT_ALLOWED", "Use POST.", request.headers, {"Allow": "POST"})
        if not self._is_ours(request.headers):
            return refuse(403, "FORBIDDEN", "Only the console itself may do this.", request.headers, readable=False)
        act = ACTS.get(name)
        if act is None:
            return refuse(404, "NOT_FOUND", "The action was not found.", request.headers)
        try:
            return _json(await asyncio.to_thread(act, self._context, json.loads(await request.read() or b"{}")))
        except REFUSALS as error:
            return _refused(request, error)

    def _is_ours(self, headers: Mapping[str, str]) -> bool:
        """Whether a page of the front itself sent it, with the token."""
        origin, host = headers.get("Origin", ""), headers.get("Host", "")
        is_own = urlsplit(origin).netloc == host and names_this_machine(host)
        return is_own and hmac.compare_digest(headers.get(TOKEN, "").encode(), self._token.encode())

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        """Send each new entry of the journal, and after a lost connection those that were missed."""
        if request.method != "GET" or _is_foreign(request.headers):
            return refuse(404, "NOT_FOUND", "The resource was not found.", request.headers)
        queue: Stream = asyncio.Queue(QUEUED)
        headers = {**SECURITY_HEADERS, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        response.headers.pop("Server", None)
        await response.prepare(request)
        with self.journal.followed(lambda entry: _offer(queue, entry)):
            self._streams.add(queue)
            try:
                await self._send(response, queue, request.headers.get("Last-Event-ID", ""))
            except (ConnectionError, asyncio.CancelledError):
                pass
            finally:
                self._streams.discard(queue)
        return response

    async def _send(self, response: web.StreamResponse, queue: Stream, last: str) -> None:
        await response.write(b"retry: 1000\nevent: hello\ndata: {}\n\n")
        if last.isdecimal():
            missed = self.journal.select("number > ?", (int(last),), f"order by number limit {REPLAYED}")
            for entry in missed:
                await response.write(_event(entry))
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    following = await queue.get()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if following is None:
                return
            await response.write(_event(following))


def _requests(context: Context, identifier: str, query: Query) -> object:
    """Return the requests, or the life of one of them."""
    if not identifier:
        return requests.listed(context.journal, query)
    found = life.of(context.journal, identifier)
    if found is None:
        raise NotThereError("Nothing is recorded of this request.")
    return found


READS: dict[str, Read] = {
    "requests": _requests,
    "mail": mailbox.read,
    "events": bus.read,
    "queues": letters.read,
    "table": table.read,
    "users": people.read,
    "orders": sagas.read,
    "faults": faults.read,
    "logs": logbook.read,
}
"""What `GET /_local/data/<name>` and `/_local/data/<name>/<id>` return."""
ACTS: dict[str, Act] = {
    "replay": bus.replay,
    "redrive": letters.redrive,
    "sign-in": people.sign_in,
    "payment-faults": faults.set_payments,
    "aws-faults": faults.set_aws,
}
"""What `POST /_local/actions/<name>` does."""


def is_view(path: str) -> bool:
    """Whether a path is a view of the console: `/_local`, `/_local/requests`, `/_local/requests/<id>`."""
    if path in {ROOT, f"{ROOT}/"}:
        return True
    name, _, _ = path.removeprefix(f"{ROOT}/").partition("/")
    return path.startswith(f"{ROOT}/") and name in VIEWS and not path.endswith(HTML)


def _refused(request: web.BaseRequest, error: Exception) -> Answer:
    if isinstance(error, NotThereError):
        return refuse(404, "NOT_FOUND", str(error), request.headers)
    if isinstance(error, UNREACHABLE):
        return refuse(503, "UNAVAILABLE", "The local AWS does not respond.", request.headers, {"Retry-After": "1"})
    return refuse(400, "VALIDATION_ERROR", str(error), request.headers)


def _is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a page of another site sent it; programs do not say (Fetch Metadata)."""
    return headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}


def _asset(request: web.BaseRequest, name: str) -> Answer:
    path = (WEB / name).resolve()
    if not path.is_relative_to(WEB) or path.suffix not in TYPES or not path.is_file():
        return refuse(404, "NOT_FOUND", "The resource was not found.", request.headers)
    headers = {**SECURITY_HEADERS, "Cross-Origin-Resource-Policy": "same-origin"}
    return Answer(body=path.read_bytes(), headers=headers, content_type=TYPES[path.suffix], charset="utf-8")


def _offer(queue: Stream, entry: Entry) -> None:
    """Pass an entry to a stream; one that does not keep up is ended, and asks again for what it missed."""
    try:
        queue.put_nowait(entry)
    except asyncio.QueueFull:
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)


def _event(entry: Entry) -> bytes:
    """Return an entry as an event of the stream: what lists show, not the bodies."""
    if entry.kind == "request":
        shown = requests.summary(entry, {})
    else:
        shown = {
            "number": entry.number,
            "trace": entry.trace,
            "id": entry.correlation,
            "at": entry.at,
            "key": entry.key,
        }
        shown |= BRIEF[entry.kind](entry.content) if entry.kind in BRIEF else {}
    return f"id: {entry.number}\nevent: {entry.kind}\ndata: {json.dumps(shown)}\n\n".encode()


def _brief_segment(content: Mapping[str, Any]) -> dict[str, object]:
    units = content.get("aws", {}).get("consumed_capacity", 0)
    return {"name": content.get("name"), "units": units, "fault": bool(content.get("fault"))}


BRIEF: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "segment": _brief_segment,
    "event": lambda content: {"type": content["type"], "subject": content["detail"].get("subject", "")},
    "mail": dict,
    "log": lambda content: {name: content[name] for name in ("function", "level", "message")},
    "failure": lambda content: {name: content[name] for name in ("function", "error", "place")},
    "invocation": lambda content: {
        "function": content["function"],
        "error": content["error"],
        "source": content["source"],
    },
}


def _json(content: object) -> Answer:
    return Answer(body=json.dumps(content).encode(), headers=SECURITY_HEADERS, content_type="application/json")
