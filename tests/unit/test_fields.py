"""The input types that endpoints share, and that no endpoint takes a value of such a kind in another way."""

import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from aws_lambda_powertools.event_handler.middlewares.openapi_validation import OpenAPIRequestValidationMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from docs.build.openapi.endpoints import Endpoint, endpoints
from lamina import fields, ids
from lamina.fields import Boolean, Integer, Name, QueryBoolean, QueryInteger, Timestamp
from lamina.http import Response
from lamina.http.request import Request
from lamina.http.request_validation import RequestValidation
from lamina.users.schemas import EMAIL, USERNAME, Email
from lamina.validation_errors import invalid
from lamina.webhooks.schemas import WebhookDescription
from tests.support.aws import Api
from tests.support.openapi import operation, resolved

ENDPOINTS = list(endpoints())
JOINED = [
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "نامه\u200cای",
    "ක්\u200dෂ",
    "❤\ufe0f",
    "ខ្ញុំ\u200bឈ្មោះ",
    "\u200fאדה\u200e",
]
"""A family, the flag of England, Persian, Sinhala, a red heart, Khmer, Hebrew: they need joiners, tags and marks."""


def takes(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("text", ["Ada", "王小明", "Zoë 🫩", "\U0001faea", "a\u00a0b", "محمد", "O’Neill", *JOINED])
def test_text_of_every_script_is_a_name(text: str) -> None:
    assert takes(Name, text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "\u200b",
            "\u200d",
            "\ufeff",
            "\u2060\u200b ",
            "\u3164",
            "\u2800",
            "\u00ad",
            "\ufe0f",
            "\U000e0041",
            "\u115f",
        ),
        *("", " ", "\u3000", "\u00a0", "x" * 101),
        *(f"a{mark}b" for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
        *(f"a{mark}b" for mark in "\n\r\t\x00\x1b\x7f\x85\u2028\u2029\ufff9"),
        *(f"a{mark}b" for mark in "\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0001ffff\U0010fffe\U0010ffff"),
    ],
    ids=ascii,
)
def test_what_nobody_sees_or_what_disturbs_the_text_around_it_is_no_name(text: str) -> None:
    assert not takes(Name, text)
    assert takes(WebhookDescription, text) is (text in ("", "x" * 101))


@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=100))
def test_a_name_has_something_to_see_by_the_categories_of_unicode(text: str) -> None:
    assume(takes(Name, text))
    seen = [char for char in text if unicodedata.category(char) not in ("Zs", "Zl", "Zp", "Cc", "Cf")]
    assert seen
    assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text)
    assert not any(unicodedata.bidirectional(char) in ("LRO", "RLO", "LRE", "RLE", "PDF", "LRI") for char in text)
    assert not any(ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF for char in text)


@given(text=st.text(st.characters(codec="utf-8")))
def test_text_that_came_unasked_loses_what_no_line_may_hold_and_nothing_else(text: str) -> None:
    line = fields.one_line(text)
    assert re.fullmatch(fields.OPTIONAL_LINE[:-1], line) or not takes(Name, (line or "x")[:100])
    assert fields.one_line(f"Firefox\u202e\n{line}") == f"Firefox{line}"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20T09:30:00Z", "2026-11-20T09:30:00.000000Z"),
        ("2026-11-20t09:30:00.5z", "2026-11-20T09:30:00.500000Z"),
        ("2026-11-20T09:30:00.123456789+02:00", "2026-11-20T07:30:00.123456Z"),
        ("2024-02-29T23:59:59-00:00", "2024-02-29T23:59:59.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_an_rfc_3339_timestamp_is_read_to_the_microsecond(text: str, instant: str) -> None:
    assert TypeAdapter(Timestamp).validate_python(text) == instant


NO_TIMESTAMPS: list[object] = [
    *("2026-11-20", "2026-11-20T09:30Z", "2026-11-20T09:30:00", "2026-11-20 09:30:00Z", "20261120T093000Z"),
    *("2026-W47-5T09:30:00Z", "2026-324T09:30:00Z", "2026-11-20T09:30:00,5Z", "2026-11-20T09:30:00.Z", "1893456000"),
    *("2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T09:30:60Z"),
    *("2026-11-20T09:30:00+0200", "2026-11-20T09:30:00+02", "2026-11-20T09:30:00+24:00", "2026-11-20T09:30:00Z "),
    *("٢٠٢٦-11-20T09:30:00Z", "２０２６-11-20T09:30:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00"),
    *("9999-12-31T23:59:59-01:00", "2026-11-20T09:30:00Z\n", "now", "", "PT1H", "infinity"),
]


@pytest.mark.parametrize("value", [*NO_TIMESTAMPS, 1893456000, 1893456000.5, True, ["2026-11-20T09:30:00Z"]])
def test_nothing_else_is_a_timestamp(value: object) -> None:
    assert not takes(Timestamp, value)


@given(st.datetimes(timezones=st.timezones()), st.sampled_from(["T", "t"]))
def test_every_instant_that_a_client_writes_is_the_same_instant(instant: datetime, between: str) -> None:
    written = instant.isoformat(timespec="microseconds").replace("T", between)
    assume(re.fullmatch(r".{26}[+-]\d\d:\d\d", written))
    with suppress(OverflowError):
        assert TypeAdapter(Timestamp).validate_python(written) == ids.stamp(instant.astimezone(UTC))


NO_INTEGERS = [
    *("1_0", " 5", "5 ", "+5", "05", "-0", "1.0", "1e2", "0x1f", "٥", "５"),
    *("", "true", "5\n", "NaN", "9" * 5000),
]


@pytest.mark.parametrize("text", NO_INTEGERS)
def test_an_integer_in_a_query_is_written_as_json_writes_it(text: str) -> None:
    assert not takes(QueryInteger, text)


@given(st.integers(-(10**60), 10**60))
def test_every_integer_is_read(number: int) -> None:
    assert TypeAdapter(QueryInteger).validate_python(str(number)) == number
    assert TypeAdapter(Integer).validate_python(number) == number


@pytest.mark.parametrize("value", ["5", True, 5.5, "x", None, [5]])
def test_an_integer_in_a_body_is_a_number(value: object) -> None:
    assert not takes(Integer, value)
    assert TypeAdapter(Integer).validate_python(5.0) == 5


NO_BOOLEANS = ["yes", "no", "1", "0", "on", "off", "True", "TRUE", "t", "y", "", " true", "true\n"]


@pytest.mark.parametrize("text", NO_BOOLEANS)
def test_a_boolean_is_true_or_false(text: str) -> None:
    assert not takes(QueryBoolean, text)
    assert not takes(Boolean, text)
    assert not takes(Boolean, 1)
    assert TypeAdapter(QueryBoolean).validate_python("true") is True
    assert TypeAdapter(QueryBoolean).validate_python("false") is False


@pytest.mark.parametrize(
    "address",
    ["a@b.co", "first.last+tag@mail.example.com", "o'neill@example.ie", "x@xn--bcher-kva.example", "-@4chan.org"],
)
def test_an_address_that_a_mail_server_takes_is_one(address: str) -> None:
    assert takes(Email, address)


@pytest.mark.parametrize(
    "address",
    [
        *("a..b@example.com", ".a@example.com", "a.@example.com", "a@1.2.3.4", "a@[1.2.3.4]", "a@[IPv6:::1]"),
        *("a@b", "a@b.c", "a@b.123", "a@b..com", "a@.b.com", "a@b.com.", "a@-b.com", "a@b-.com", "a@b_c.com"),
        *("a@@b.com", "a@b@c.com", "@b.com", "a@", "a b@c.com", '"a b"@c.com', "a@b.com\n", " a@b.com", "a,b@c.com"),
        *("Ada <a@b.com>", "a@b.com,c@d.com", "ä@b.com", "a@bücher.com", "a(x)@b.com", "a@b.1com", "a@b.com-"),
        *("x" * 65 + "@b.com", "a@" + "x" * 64 + ".com", "a@" + "x." * 130 + "com"),
    ],
)
def test_an_address_that_no_mail_server_takes_is_refused(address: str) -> None:
    assert not takes(Email, address)


PATTERNS = [
    (Email, EMAIL),
    (Name, fields.VISIBLE_LINE),
    (WebhookDescription, fields.OPTIONAL_LINE),
]
LIKELY = st.text(
    st.sampled_from("aZ0.@- \u200b\u200d\u202e\u2028\n\ufffe\U0001fffe\U000e0041é王🫩_+\u2800"), max_size=12
)


@pytest.mark.parametrize(("kind", "pattern"), PATTERNS)
@given(text=st.text(st.characters(codec="utf-8"), max_size=40) | LIKELY)
def test_a_validator_of_json_schema_takes_what_the_code_takes(kind: Any, pattern: str, text: str) -> None:
    schema = TypeAdapter(kind).json_schema()
    assert schema["pattern"] == pattern
    assert Draft202012Validator(schema).is_valid(text) == takes(kind, text)


@pytest.mark.parametrize("pattern", [EMAIL, USERNAME, fields.VISIBLE_LINE, fields.OPTIONAL_LINE])
@given(data=st.data())
def test_a_generator_of_clients_or_tests_finds_text_that_fits(pattern: str, data: st.DataObject) -> None:
    assert re.search(pattern, data.draw(st.from_regex(pattern)))


def is_of(schema: dict[str, Any], kind: str, wanted: dict[str, str]) -> bool:
    """Whether a schema, or one of its choices, is of a kind."""
    choices = map(resolved, resolved(schema).get("anyOf", [schema]))
    return any(choice.items() >= {"type": kind, **wanted}.items() for choice in choices)


def parameters(kind: str, **wanted: str) -> Iterator[tuple[Endpoint, str]]:
    """Each query parameter of a kind, with its endpoint."""
    for endpoint in ENDPOINTS:
        for found in operation(endpoint.method, endpoint.path)["parameters"]:
            parameter = resolved(found)
            if parameter["in"] == "query" and is_of(parameter["schema"], kind, wanted):
                yield endpoint, parameter["name"]


def fields_of(kind: str, **wanted: str) -> Iterator[tuple[Endpoint, str]]:
    """Each field of a JSON body of a kind, with its endpoint."""
    for endpoint in ENDPOINTS:
        media = (
            operation(endpoint.method, endpoint.path).get("requestBody", {}).get("content", {}).get("application/json")
        )
        if media:
            for name, schema in resolved(media["schema"])["properties"].items():
                if is_of(schema, kind, wanted):
                    yield endpoint, name


def refused(endpoint: Endpoint, *, query: dict[str, str] | None = None, body: object = None) -> set[str]:
    """The fields that an endpoint refuses of a request."""
    event = Api()._event(endpoint.method, endpoint.path, json.dumps(body) if body else None, {}, "")
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in (query or {}).items()}
    app, in_path = endpoint.app, dict.fromkeys(re.findall(r"<(\w+)>", endpoint.route.path), ids.new_id())
    app.incoming, BaseRouter.current_event = Request(event), APIGatewayProxyEvent(event)
    app.context = {"_route": endpoint.route, "_route_args": in_path}
    try:
        OpenAPIRequestValidationMiddleware.handler(RequestValidation(), app, lambda _: Response(200))  # type: ignore[arg-type]
    except RequestValidationError as error:
        return {problem.field for problem in invalid(error.errors()).details}
    return set()


@pytest.mark.parametrize(
    ("kind", "format_", "wrong"),
    [("integer", {}, NO_INTEGERS), ("boolean", {}, NO_BOOLEANS), ("string", {"format": "date-time"}, NO_TIMESTAMPS)],
)
def test_every_query_parameter_is_read_strictly(kind: str, format_: dict[str, str], wrong: list[Any]) -> None:
    found = list(parameters(kind, **format_))
    assert found
    taken = [(e.path, name, text) for e, name in found for text in wrong if name not in refused(e, query={name: text})]
    assert taken == [], "use the types of lamina.fields"


@pytest.mark.parametrize(
    ("kind", "format_", "wrong"),
    [
        ("integer", {}, ["5", True, 5.5]),
        ("boolean", {}, ["true", "yes", 1, 0]),
        ("string", {"format": "date-time"}, [*NO_TIMESTAMPS, 1893456000]),
        ("string", {}, [5, True, ["x"]]),
    ],
)
def test_every_field_of_a_body_is_read_strictly(kind: str, format_: dict[str, str], wrong: list[Any]) -> None:
    found = list(fields_of(kind, **format_))
    assert found
    taken = [(e.path, name, bad) for e, name in found for bad in wrong if name not in refused(e, body={name: bad})]
    assert taken == [], "use the types of lamina.fields"


OPAQUE = {"password", "current_password", "new_password", "token", "refresh_token", "mfa_token", "code"}
"""Fields that nobody is shown: they are compared, and whatever is wrong is wrong."""
LONG = {"content"}
"""Fields of many lines, which are shown where lines and directions cannot reach beyond them."""
LONG_DESCRIPTIONS = {"/v1/products", "/v1/products/{product_id}"}
"""The paths whose `description` is such a field too."""
GRAPHQL = {"query", "operationName"}
"""Fields of a request that the parser of GraphQL checks; nobody is shown them."""


def test_every_text_that_people_see_is_one_clean_line() -> None:
    seen = [
        (e, name)
        for e, name in fields_of("string")
        if name not in OPAQUE | LONG | GRAPHQL and not (name == "description" and e.path in LONG_DESCRIPTIONS)
    ]
    assert {"name", "description"} <= {name for _, name in seen}
    sly = ["a\u202eb", "a\u2028b", "a\nb", "\u200b", "a\ufffeb"]
    login = ("/v1/auth/login", "email")  # An address to sign in with is compared, and never shown.
    taken = [(e.path, n, ascii(t)) for e, n in seen for t in sly if n not in refused(e, body={n: t})]
    assert [found for found in taken if found[:2] != login] == [], "use lamina.fields, or add the field to OPAQUE"
