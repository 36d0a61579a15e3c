"""Endpoints of webhooks as tests run them: a server on 127.0.0.1 that answers as it is told and notes what it got."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


@dataclass(frozen=True)
class Received:
    """One request, and when it came."""

    at: float
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """What it tells."""
        event: dict[str, Any] = json.loads(self.body)
        return event


type Behaviour = Callable[[BaseHTTPRequestHandler], None]
"""Answers a request, or does not."""


def answer(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Answer at once."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return behave


def after(seconds: float, then: Behaviour) -> Behaviour:
    """Take so long first."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        then(request)

    return behave


def never(request: BaseHTTPRequestHandler) -> None:
    """Do not answer until the client goes."""
    request.connection.settimeout(60)
    request.connection.recv(1)


@dataclass
class Receiver:
    """A server with an endpoint at each path, which takes what it is sent until it is told otherwise."""

    port: int
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    most_at_once: dict[str, int] = field(default_factory=dict)
    """How many requests an endpoint had to answer at the same time, at the most."""
    _at_once: Counter[str] = field(default_factory=Counter)
    received: list[Received] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def url(self, path: str) -> str:
        """Where an endpoint is."""
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Received]:
        """What an endpoint got so far."""
        return [each for each in list(self.received) if each.path == path]

    def wait_for(self, path: str, count: int, seconds: float = 30) -> list[Received]:
        """What an endpoint got, once it is so much; fails when it takes too long."""
        with self._news:
            enough = self._news.wait_for(lambda: len(self.at(path)) >= count, seconds)
        assert enough, f"{path} got {len(self.at(path))} of {count} requests in {seconds} s"
        return self.at(path)

    def is_quiet(self, path: str, seconds: float) -> bool:
        """Whether an endpoint has no request to answer, and has not had a new one for so long."""
        received = self.at(path)
        return not self._at_once[path] and (not received or received[-1].at < time.time() - seconds)

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Note a request, then do what the endpoint does."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        with self._news:
            self.received.append(Received(time.time(), request.path, dict(request.headers), body))
            self._at_once[request.path] += 1
            most = self.most_at_once.get(request.path, 0)
            self.most_at_once[request.path] = max(most, self._at_once[request.path])
            self._news.notify_all()
        try:
            self.behaviours.get(request.path, answer(204))(request)
        finally:
            with self._news:
                self._at_once[request.path] -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client goes before it has the answer: that is what some tests are about."""


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A server while the test runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            made.take(self)

        def log_message(self, *_: object) -> None:
            """Keep the output of tests to themselves."""

    server = _Server(("127.0.0.1", 0), Handler)
    made = Receiver(cast("tuple[str, int]", server.server_address)[1])
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
