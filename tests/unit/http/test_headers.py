"""Headers of every answer, and what is logged of it."""

import time
from collections.abc import Callable

import pytest

from tests.support.aws import Answer
from tests.support.log import Log
from tests.unit.http.toy import CALLER, ID, do, make, read

ALLOWED = "https://app.example.com"
SECURITY = (
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Content-Security-Policy",
    "Referrer-Policy",
    "Cache-Control",
)


@pytest.mark.parametrize("answer", [read, lambda: make("{"), lambda: do(claims={}), lambda: read("/none")])
def test_every_answer_has_the_security_headers_and_a_correlation_id(answer: Callable[[], Answer]) -> None:
    headers = answer().headers
    for name in (*SECURITY, "X-Correlation-Id"):
        assert headers[name]


@pytest.mark.parametrize("sane", ["x", "order/42:retry=1", "Root=1-67891233-abcdef012345678912345678", "a" * 128])
def test_a_sane_correlation_id_is_the_callers(sane: str) -> None:
    assert read(headers={"x-correlation-id": sane}).headers["X-Correlation-Id"] == sane


@pytest.mark.parametrize(
    "insane",
    ["", " ", "a b", "a" * 129, "a\r\nSet-Cookie: x", "zoë", "<script>", "{}", '"', "joe@example.com", "\udc80"],
)
def test_an_insane_correlation_id_is_replaced(insane: str) -> None:
    made = read(headers={"X-Correlation-Id": insane}).headers["X-Correlation-Id"]
    assert len(made) == 36
    assert made != insane


def test_an_allowed_origin_may_read_the_answer() -> None:
    headers = read(headers={"Origin": ALLOWED}).headers
    assert headers["Access-Control-Allow-Origin"] == ALLOWED
    assert "ETag" in headers["Access-Control-Expose-Headers"]
    assert "Origin" in headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "",
        "https://evil.example",
        f"{ALLOWED}.evil.example",
        ALLOWED.upper(),
        f"{ALLOWED}:443",
        "http://app.example.com",
    ],
)
def test_any_other_origin_may_not(origin: str) -> None:
    headers = read(headers={"Origin": origin}).headers
    assert not [name for name in headers if name.startswith("Access-Control")]
    assert "Origin" in headers["Vary"]


def test_an_answer_that_depends_on_its_caller_says_so_to_caches() -> None:
    assert do().headers["Vary"] == "Origin, Authorization, X-Api-Key"


def test_a_request_without_credential_gets_a_challenge_without_an_error_code() -> None:
    answer = do(claims={"problem": "UNAUTHENTICATED"})
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="lamina"'


def test_an_invalid_credential_gets_a_challenge_with_invalid_token() -> None:
    answer = do(claims={"problem": "UNAUTHENTICATED"}, headers={"Authorization": "Bearer x"})
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_an_expired_token_gets_a_challenge_that_says_so() -> None:
    answer = do(claims={"problem": "TOKEN_EXPIRED"}, headers={"Authorization": "Bearer x"})
    assert (answer.status, answer.error["code"]) == (401, "TOKEN_EXPIRED")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_an_unavailable_authorizer_gets_retry_after() -> None:
    answer = do(claims={"problem": "UNAVAILABLE"}, headers={"Authorization": "Bearer x"})
    assert (answer.status, answer.error["code"]) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"]


def test_the_log_of_a_request_has_its_ids_and_nothing_of_what_was_sent(log: Log) -> None:
    read(
        f"/toys/{ID}?search=hunter2", headers={"X-Correlation-Id": "c-1", "User-Agent": "hunter2", "Cookie": "hunter2"}
    )
    (line,) = log.lines
    assert (line["message"], line["method"], line["status"], line["correlation_id"]) == ("request", "GET", 200, "c-1")
    assert line["request_id"] == "request-0"
    assert "hunter2" not in log.text
    assert "203.0.113.7" not in log.text


def test_the_log_names_a_caller_by_its_id_alone(log: Log) -> None:
    do()
    assert log.lines[0]["actor"] == CALLER["user_id"]


def test_the_line_of_a_request_is_a_metric_of_its_endpoint_too(log: Log) -> None:
    do()
    (line,) = log.lines
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    # CloudWatch takes no line whose dimensions are not all text, or whose metric is no number.
    assert all(isinstance(line[name], str) for name in directive["Dimensions"][0])
    assert [isinstance(line[metric["Name"]], float) for metric in directive["Metrics"]] == [True]
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 60
