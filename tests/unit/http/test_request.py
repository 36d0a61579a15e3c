"""What a request says of itself, in whichever of its shapes API Gateway sends it."""

from typing import Any

import pytest

from lamina.http.request import Request
from tests.support.aws import Api
from tests.unit.http.toy import ID, read, reading, send


def event(**changes: Any) -> dict[str, Any]:
    return {**Api()._event("GET", f"/toys/{ID}", None, {}, ""), **changes}


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/v1/users", "/v1/users"),
        ("/live/v1/users", "/v1/users"),  # a domain name that maps /live to the API
        ("/lively/v1/users", "/lively/v1/users"),
        ("/", "/"),
    ],
)
def test_the_path_begins_where_the_api_does(path: str, seen: str) -> None:
    assert Request(event(path=path)).path == seen


def test_a_trailing_slash_leads_to_the_same_place() -> None:
    assert read(f"/toys/{ID}/").status == 200


def test_a_header_sent_several_times_is_one_list() -> None:
    request = Request(event(multiValueHeaders={"If-Match": ['"1"', '"2"']}, headers={"If-Match": '"2"'}))
    assert request.headers["if-match"] == '"1", "2"'


def test_headers_without_several_values_do() -> None:
    assert Request(event(multiValueHeaders=None, headers={"X-A": "b"})).headers == {"x-a": "b"}


def test_the_address_is_what_the_gateway_saw_whatever_a_header_claims() -> None:
    assert Request(event(headers={"X-Forwarded-For": "6.6.6.6"})).source_ip == "203.0.113.7"


def test_head_answers_as_get_does_without_a_body() -> None:
    got, headed = read(), send(reading, event(httpMethod="HEAD"))
    varying = {"X-Correlation-Id"}
    assert (headed.status, headed.body) == (got.status, b"")
    assert {name: value for name, value in headed.headers.items() if name not in varying} == {
        name: value for name, value in got.headers.items() if name not in varying
    }
    fresh = send(reading, event(httpMethod="HEAD", multiValueHeaders={"If-None-Match": [got.headers["ETag"]]}))
    assert fresh.status == 304
