"""What the front passes on, what it refuses, and what it makes of the local AWS's failures."""

import base64
import json

import pytest

from tests.local.conftest import ask
from tests.support.stack import RunningStack

pytestmark = pytest.mark.xdist_group("local")


def test_the_path_reaches_the_function_still_encoded_as_rest_apis_deliver_it(small: RunningStack) -> None:
    event = ask(small, "/echo/a%2Fb%20c%C3%A9+d").json["event"]
    assert event["path"] == "/echo/a%2Fb%20c%C3%A9+d"
    assert event["pathParameters"] == {"id": "a%2Fb%20c%C3%A9+d"}
    assert event["resource"] == "/echo/{id}"


def test_the_query_reaches_the_function_decoded_with_every_value_in_order(small: RunningStack) -> None:
    event = ask(small, "/echo/x?a=1&a=2&empty=&plus=x+y&slash=%2F&e=%C3%A9&encoded=%2525").json["event"]
    assert event["multiValueQueryStringParameters"]["a"] == ["1", "2"]
    assert event["queryStringParameters"] == {
        "a": "2", "empty": "", "plus": "x y", "slash": "/", "e": "é", "encoded": "%25",
    }  # fmt: skip


def test_every_line_of_a_repeated_header_reaches_the_function(small: RunningStack) -> None:
    event = ask(small, "/echo/x", headers=[("X-Color", "red"), ("X-Color", "blue, green")]).json["event"]
    assert event["multiValueHeaders"]["X-Color"] == ["red", "blue, green"]
    assert event["headers"]["X-Color"] == "blue, green"


def test_every_value_of_a_repeated_header_comes_back(small: RunningStack) -> None:
    assert ask(small, "/echo/x").headers.get_all("Set-Cookie") == ["a=1", "b=2"]


def test_a_client_cannot_say_where_it_comes_from(small: RunningStack) -> None:
    forged = [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https")]
    event = ask(small, "/echo/x", headers=forged, source="127.0.0.2").json["event"]
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.2"
    assert event["multiValueHeaders"]["X-Forwarded-For"] == ["127.0.0.2"]
    assert event["headers"]["X-Forwarded-Proto"] == "http"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_every_method_reaches_the_function(small: RunningStack, method: str) -> None:
    answer = ask(small, "/else/where?status=203", method=method)
    assert answer.status == 203
    if method == "HEAD":
        assert answer.body == b""
        assert int(answer.headers["Content-Length"]) > 0
        nothing = ask(small, "/else/where?body=", method=method)
        assert "Content-Length" not in nothing.headers
    else:
        assert answer.json["event"]["httpMethod"] == method


def test_a_body_arrives_as_it_was_sent(small: RunningStack) -> None:
    body = json.dumps({"text": "é\ud800\x00 😀", "deep": [[[]]]}).encode()
    assert ask(small, "/echo/x", "POST", body=body).json["event"]["body"] == body.decode()


def test_bytes_that_are_not_utf_8_break_nothing(small: RunningStack) -> None:
    answer = ask(small, "/echo/%ff?q=%ff", "POST", body=b"\xff\xfe\x00")
    assert answer.status == 200
    assert answer.json["event"]["body"] == "\ufffd\ufffd\x00"


def test_a_body_that_lambda_would_take_passes_and_one_over_its_6_mb_does_not(small: RunningStack) -> None:
    limit = 6 * 1024 * 1024
    answer = ask(small, "/echo/x?body=b2s=", "POST", body=b"x" * (limit - 4096))
    assert (answer.status, answer.body) == (200, b"ok")
    assert ask(small, "/echo/x?body=b2s=", "POST", body=b"x" * limit).status == 413
    assert ask(small, "/echo/x?body=b2s=", "POST", body=b'"' * (limit // 2)).status == 413


def test_a_body_over_the_gateways_10_mb_is_413_in_the_envelope(small: RunningStack) -> None:
    headers = [("X-Correlation-Id", "mine")]
    refused = ask(small, "/echo/x", "POST", body=b"x" * (10 * 1024 * 1024 + 1), headers=headers)
    assert refused.status == 413
    error = refused.json["error"]
    assert error["code"] == "PAYLOAD_TOO_LARGE"
    assert error["details"] == []
    assert error["request_id"]
    assert refused.headers["X-Correlation-Id"] == "mine"
    assert refused.headers["X-Content-Type-Options"] == "nosniff"


def test_a_function_that_fails_is_a_502_that_tells_nothing_and_a_line_on_the_terminal(small: RunningStack) -> None:
    answer = ask(small, "/echo/x?fail=1")
    assert answer.status == 502
    assert answer.json["error"]["code"] == "INTERNAL"
    assert b"secret detail" not in answer.body
    assert "secret detail" in small.wait_for("GET /echo/x: ", seconds=5)


def test_answers_do_not_name_the_software(small: RunningStack) -> None:
    names = {name.lower() for name in ask(small, "/health").headers}
    assert not names & {"server", "x-amz-id-2", "x-amz-request-id"}


def test_a_long_identifier_reaches_the_function(small: RunningStack) -> None:
    assert ask(small, f"/echo/{'x' * 9_000}").json["event"]["pathParameters"]["id"] == "x" * 9_000


@pytest.mark.parametrize(("path", "value"), [(f"/echo/{'x' * 10_240}", ""), ("/echo/x", "x" * 10_240)])
def test_more_than_10_240_bytes_of_request_line_and_headers_are_refused(
    small: RunningStack, path: str, value: str
) -> None:
    refused = ask(small, path, headers=[("X-Long", value)])
    assert (refused.status, refused.json["error"]["code"]) == (431, "BAD_REQUEST")
    assert "10,240 bytes" in refused.json["error"]["message"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_page_may_read_what_the_front_itself_refuses(small: RunningStack, name: str) -> None:
    origin = f"http://{name}:{small.port}"
    refused = ask(small, "/echo/x", headers=[("X-Long", "x" * 10_240), ("Origin", origin)])
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in refused.headers
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    foreign = ask(small, "/echo/x", headers=[("X-Long", "x" * 10_240), ("Origin", "http://evil.example")])
    assert "Access-Control-Allow-Origin" not in foreign.headers


def test_a_function_finds_its_own_code_before_layers_and_nothing_that_was_not_declared(small: RunningStack) -> None:
    answer = ask(small, "/echo/x").json
    assert answer["path"][0].endswith("/code")
    assert "/layers/" in answer["path"][1]
    assert answer["loaded"] == {"aiohttp": False, "ministack": False, "hypercorn": False}


def test_an_encoded_body_is_an_answer_like_any_other(small: RunningStack) -> None:
    text = base64.b64encode("naïve".encode()).decode().rstrip("=")
    assert ask(small, f"/echo/x?body={text}%3D%3D").body.decode() == "naïve"


def test_caught_mail_is_a_list_that_is_empty_at_first(small: RunningStack) -> None:
    assert ask(small, "/_local/mail").json == []


def test_what_is_not_under_local_is_404_and_it_can_be_read_only(small: RunningStack) -> None:
    assert ask(small, "/_local/other").json["error"]["code"] == "NOT_FOUND"
    refused = ask(small, "/_local/mail", "POST", body=b"")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
