"""A way between a function and one of AWS's services on which a test can let anything happen.

A function goes this way when its variable `AWS_ENDPOINT_URL_<SERVICE>` says so (AWS SDKs guide, "Service-specific
endpoints"): see `Cloud.configured`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SECONDS_TO_ANSWER = 30


@dataclass(frozen=True)
class Call:
    """A request that a function sends to the service."""

    method: str
    path: str
    body: bytes


class LeaseLost(Exception):
    """The connection breaks: whoever called gets no answer."""


@dataclass(frozen=True)
class Refusal:
    """What is answered in place of the service."""

    status: int
    body: bytes = b"{}"


class Proxy:
    """Passes calls on, unless told otherwise.

    Attributes:
        before: is asked about each call before the service has it. It may take its time, raise `Lost`, or give what is
            to be answered instead of asking the service.
        after: is told of each call that the service has answered; it may raise `Lost`.
        calls: how many there were.
    """

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target).netloc
        self.before: Callable[[Call], Refusal | None] = lambda _: None
        self.after: Callable[[Call], None] = lambda _: None
        self.calls = 0
        self._counting = threading.Lock()

    def count(self) -> None:
        """Count a call."""
        with self._counting:
            self.calls += 1


@contextmanager
def proxy_to(target: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy of the service at this URL, and its own URL."""
    proxy = Proxy(target)

    class Handler(_Handler):
        way = proxy

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    way: Proxy
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        """Serve a request; a connection that a test breaks, or a caller who was killed, is no error here."""
        try:
            super().handle_one_request()
        except (LeaseLost, ConnectionError, TimeoutError):
            self.close_connection = True

    def do_POST(self) -> None:
        """Pass a call on."""
        call = Call(self.command, self.path, self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.way.count()
        refusal = self.way.before(call)
        if refusal is not None:
            self._answer(refusal.status, "application/json", refusal.body)
            return
        connection = HTTPConnection(self.way.target, timeout=SECONDS_TO_ANSWER)
        try:
            connection.request(call.method, call.path, call.body, dict(self.headers.items()))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        self.way.after(call)
        self._answer(answer.status, answer.headers["Content-Type"], body)

    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 (as above)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        """Log nothing."""

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
