"""What every address of the API does, whoever asks: methods, preflights, headers, health."""

import json
import time
from uuid import uuid4

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import Inside, wait_until

pytestmark = pytest.mark.xdist_group("stack")

SECURITY = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/users", {"GET", "POST", "OPTIONS"}),
        ("POST", "/v1/users/me", {"GET", "PATCH", "OPTIONS"}),
        ("DELETE", "/v1/users/me", {"GET", "PATCH", "OPTIONS"}),
        ("POST", "/v1/users/01890a5d-ac96-774b-bcce-b302099a8057", {"GET", "PUT", "PATCH", "DELETE", "OPTIONS"}),
        ("GET", "/v1/auth/login", {"POST", "OPTIONS"}),
        ("HEAD", "/v1/users", {"GET", "POST", "OPTIONS"}),
        ("PUT", "/openapi.json", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/.well-known/jwks.json", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_method_that_an_address_does_not_take_is_405_with_those_that_it_takes(
    anyone: Client, method: str, path: str, allowed: set[str]
) -> None:
    answer = anyone.call(method, path)
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(", ")) == allowed
    if method != "HEAD":
        assert answer.error["code"] == "METHOD_NOT_ALLOWED"


NOWHERE = (
    "/",
    "/v1",
    "/v1/nothing",
    "/v2/users",
    "/users",
    "/v1/users/a/b/c",
    "/v1/./users",
    "/v1/users/../users",
    "/%2e%2e",
    "/%76%31/users",
    "/HEALTH",
    "/v1/users;a=b",
    "/" + "x" * 8000,
)


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_address_that_does_not_exist_is_404_in_the_envelope(anyone: Client, method: str, path: str) -> None:
    answer = anyone.call(method, path)
    assert (answer.status, answer.error["code"]) == (404, "NOT_FOUND")
    assert set(answer.error) == {"code", "message", "details", "request_id"}


@pytest.mark.parametrize("path", ["/v1/users", "/v1/users/me", "/v1/auth/login", "/health", "/nowhere", "/"])
def test_a_preflight_works_on_every_path_for_an_allowed_origin(anyone: Client, path: str) -> None:
    origin = f"http://localhost:{anyone.port}"
    asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match"}
    answer = anyone.call("OPTIONS", path, headers=asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "OPTIONS" in answer.headers["Access-Control-Allow-Methods"]
    for header in ("Authorization", "Content-Type", "Idempotency-Key", "If-Match"):
        assert header in answer.headers["Access-Control-Allow-Headers"]
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost", "*"])
def test_another_origin_gets_no_leave(anyone: Client, origin: str) -> None:
    for method in ("OPTIONS", "GET"):
        headers = anyone.call(method, "/health", headers={"Origin": origin}).headers
        assert not [name for name in headers if name.lower().startswith("access-control")]


def test_an_allowed_origin_can_read_answers_and_failures(anyone: Client) -> None:
    origin = f"http://localhost:{anyone.port}"
    for path in ("/health", "/v1/users", "/nowhere"):
        assert anyone.get(path, headers={"Origin": origin}).headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    "path", ["/health", "/v1/users", "/nowhere", "/.well-known/jwks.json", "/openapi.json", "/docs"]
)
def test_every_answer_has_the_security_headers_and_a_correlation_id(anyone: Client, path: str) -> None:
    headers = anyone.get(path, headers={"X-Correlation-Id": "order-42"}).headers
    assert {name: headers[name] for name in SECURITY} == SECURITY
    assert headers["Content-Security-Policy"]
    assert headers["Cache-Control"]
    assert headers.get_all("X-Correlation-Id") == ["order-42"]


def test_the_health_endpoints_answer(anyone: Client) -> None:
    assert anyone.get("/health").data == {"status": "ok"}
    ready = anyone.get("/health/ready")
    assert (ready.status, set(ready.data.values())) == (200, {"ok"})
    assert ready.json["links"] == {"self": "/health/ready", "realtime": f"ws://127.0.0.1:{anyone.port}/realtime"}


def test_the_error_names_the_request_and_so_does_the_log(anyone: Client, inside: Inside) -> None:
    begun, correlation = time.time(), f"probe-{uuid4()}"
    error = anyone.get("/v1/users/me?secret=query", headers={"X-Correlation-Id": correlation}).error

    def lines() -> list[str]:
        return [line for line in inside.log_lines(begun - 1) if correlation in line]

    wait_until(lambda: bool(lines()), "the request is logged")
    (line,) = map(json.loads, lines())
    assert line["request_id"] == error["request_id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/users/me", 401)
    assert "127.0.0.1" not in str(line)
    assert "query" not in str(line)
