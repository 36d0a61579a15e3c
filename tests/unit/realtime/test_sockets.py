"""The management API of connections, over HTTP."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from lamina.realtime import sockets as module
from lamina.realtime.sockets import ApiGatewaySockets, Outcome
from lamina.storage.connections import pooled_requests


def connected(url: str) -> ApiGatewaySockets:
    """A client with connections of its own, as functions have it."""
    return ApiGatewaySockets(url, "us-east-1", pooled_requests(url))


class Api(ThreadingHTTPServer):
    """What API Gateway answers, one status after the other; 200 by default."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.requests: list[tuple[str, str, str, str]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Api

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        self.server.requests.append((self.command, self.path, body, self.headers["authorization"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    do_DELETE = do_POST  # noqa: N815 (the method's name)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def sockets(api: Api, monkeypatch: pytest.MonkeyPatch) -> ApiGatewaySockets:
    monkeypatch.setattr(module, "BACKOFF_SECONDS", 0.001)
    return connected(f"http://127.0.0.1:{api.server_port}/live")


def test_a_message_is_posted_and_a_connection_deleted_with_signatures(api: Api, sockets: ApiGatewaySockets) -> None:
    assert sockets.post("L0SM9c=/", json.dumps({"name": "é"}, ensure_ascii=False)) == Outcome.SENT
    sockets.close("L0SM9c=/")
    (first, second) = api.requests
    assert first[:3] == ("POST", "/live/%40connections/L0SM9c%3D%2F", '{"name": "é"}')
    assert second[:3] == ("DELETE", "/live/%40connections/L0SM9c%3D%2F", "")
    assert all("/us-east-1/execute-api/aws4_request" in authorization for *_, authorization in api.requests)


def test_a_connection_that_has_ended_is_gone(api: Api, sockets: ApiGatewaySockets) -> None:
    api.statuses = [410]
    assert sockets.post("a", "{}") == Outcome.GONE


def test_throttling_is_retried_and_other_failures_are_not(api: Api, sockets: ApiGatewaySockets) -> None:
    api.statuses = [429, 429, 200]
    assert sockets.post("a", "{}") == Outcome.SENT
    api.statuses = [429, 429, 429]
    assert sockets.post("a", "{}") == Outcome.FAILED
    api.statuses = [500, 200]
    assert sockets.post("a", "{}") == Outcome.FAILED
    assert len(api.requests) == 7


@pytest.mark.parametrize("status", [200, 204, 410, 500])
def test_closing_never_fails(api: Api, sockets: ApiGatewaySockets, status: int) -> None:
    api.statuses = [status]
    sockets.close("a")


def test_where_nothing_listens_a_message_fails() -> None:
    sockets = connected("http://127.0.0.1:1/live")
    assert sockets.post("a", "{}") == Outcome.FAILED
    sockets.close("a")
