"""`GET /_local/…`: the console (`local/console`), and what programs read.

`GET /_local/mail` returns the captured mails to programs, and `/_local/mail/<id>/html` one as it looks, for a frame.
`GET /_local/stack` and `/_local/metrics` are for programs, and so is `/_local/traces/<correlation id>`: what was traced
of a request and of what followed from it. `/_local/payments/…` is the simulator of the payment provider. The pages that
links of mails lead to are here too (`links.py`).
"""

import asyncio
import json
from collections.abc import Callable
from functools import partial

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from local import example, inside, links, media, metrics
from local.child import LocalAws
from local.console.server import HTML, Console
from local.envelope import SECURITY_HEADERS, Answer, refuse
from local.payments import server as payments
from local.settings import Settings
from local.stack import Stack
from local.traces import Traces

MAIL = "/_local/mail/"
TRACES = "/_local/traces/"
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""Permissions of a displayed mail: fewer than in a mail program."""
UNREACHABLE = (OSError, BotoCoreError, ClientError)


class LocalPages:
    """Serves the paths under `/_local`; `stack` returns the deployed stack, or None while there is none."""

    def __init__(
        self,
        settings: Settings,
        aws: LocalAws,
        stack: Callable[[], Stack | None],
        traces: Traces,
        simulator: payments.Simulator,
        console: Console,
        debugger: Callable[[], int | None],
    ) -> None:
        self._console = console
        self._payments = simulator
        self._traces = traces
        self._metrics = metrics.Collected()
        self._settings = settings
        self._aws = aws
        self._stack = stack
        self._debugger = debugger

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to a request."""
        if request.path.startswith(payments.PREFIX):
            return await self._payments.serve(request)
        if example.serves(request.path):
            return example.serve(request)
        if request.path != MAIL.rstrip("/") or wants_html(request):
            answer = await self._console.serve(request)
            if answer is not None:
                return answer
        return await self._read(request)

    async def _read(self, request: web.BaseRequest) -> web.StreamResponse:
        answers = {
            "/_local/mail": self._mail,
            "/_local/metrics": self._measured,
            "/_local/stack": self._described,
        }
        answer = answers.get(request.path)
        if request.path in links.PAGES:
            answer = partial(self._link_page, request)
        prefixes = {MAIL: self._mail_as_html, TRACES: self._traced, media.PREFIX: self._media}
        for prefix, page in prefixes.items():
            if answer is None and request.path.startswith(prefix):
                answer = partial(page, request)
        if answer is None:
            return _nothing(request)
        if request.method not in {"GET", "HEAD"}:
            allowed = {"Allow": "GET, HEAD"}
            return refuse(405, "METHOD_NOT_ALLOWED", "This path is read-only.", request.headers, allowed)
        stack = self._stack()
        try:
            if stack is not None:
                return await asyncio.to_thread(answer, stack)
        except UNREACHABLE:
            pass  # said below, as when it has not started yet
        return refuse(503, "UNAVAILABLE", "The local stack is starting.", request.headers, {"Retry-After": "1"})

    def _media(self, request: web.BaseRequest, stack: Stack) -> Answer:
        return media.avatar(request.path, stack, self._aws.account) or _nothing(request)

    def _mail(self, _stack: Stack) -> Answer:
        mails = [mail.as_json() for mail in inside.mails(self._aws.account)]
        return _json(mails)

    def _mail_as_html(self, request: web.BaseRequest, _stack: Stack) -> Answer:
        """One mail, to be shown in a frame of the console: its own styles may apply, and nothing else."""
        wanted = request.path.removeprefix(MAIL).removesuffix(HTML)
        html = next((mail.html for mail in inside.mails(self._aws.account) if mail.message_id == wanted), None)
        if html is None:
            return refuse(404, "NOT_FOUND", "The mail was not found.", request.headers)
        headers = {**SECURITY_HEADERS, "Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
        return Answer(text=_with_links_outside(html), headers=headers, content_type="text/html", charset="utf-8")

    def _traced(self, request: web.BaseRequest, _stack: Stack) -> Answer:
        correlation_id = request.path.removeprefix(TRACES)
        traces = self._traces.found(correlation_id)
        return _json({"correlation_id": correlation_id, "traces": traces}) if traces else _nothing(request)

    def _measured(self, stack: Stack) -> Answer:
        text = self._metrics.text(self._aws.account, stack)
        headers = {**SECURITY_HEADERS, "Content-Type": metrics.CONTENT_TYPE}
        return Answer(body=text.encode(), headers=headers)

    def _described(self, stack: Stack) -> Answer:
        """Return where the local AWS and the debugger's port are, and the ids of resources, for commands and tests."""
        where = {"endpoint": self._aws.account.endpoint, "credentials": str(self._settings.state.credentials)}
        return _json({**where, "debugger": self._debugger(), "resources": stack.resources})

    def _link_page(self, request: web.BaseRequest, _stack: Stack) -> Answer:
        return _html(*links.page(request.path))


def serves(path: str) -> bool:
    """Whether the front itself serves a path."""
    return path == "/_local" or path.startswith("/_local/") or path in links.PAGES


def wants_html(request: web.BaseRequest) -> bool:
    """Whether a browser sent the request: it accepts HTML (RFC 9110 section 12.5.1), and programs do not."""
    return "text/html" in request.headers.get("Accept", "")


def _with_links_outside(html: str) -> str:
    """Return the mail with links that open new pages, because its frame must not navigate elsewhere."""
    head, tag, rest = html.partition("<head>")
    target = '<base target="_blank">'
    return f"{head}{tag}{target}{rest}" if tag else f"{target}{html}"


def _html(content: str, policy: str) -> Answer:
    headers = {**SECURITY_HEADERS, "Content-Security-Policy": policy}
    return Answer(text=content, headers=headers, content_type="text/html", charset="utf-8")


def _nothing(request: web.BaseRequest) -> Answer:
    return refuse(404, "NOT_FOUND", "The resource was not found.", request.headers)


def _json(content: object) -> Answer:
    return Answer(body=json.dumps(content).encode(), headers=SECURITY_HEADERS, content_type="application/json")
