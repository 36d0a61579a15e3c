"""Bodies: JSON objects in UTF-8, read strictly, and what is wrong with others is said by path and in plain words."""

import json
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.http.request import MAX_BODY_BYTES
from lamina.strict_json import MAX_DEPTH, MAX_VALUES, MalformedJson, parse
from tests.unit.http.toy import do, make

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdé☃", max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_whatever_json_can_say_is_read_as_it_was_written(value: object) -> None:
    assert parse(json.dumps(value)) == value
    assert parse(json.dumps(value, ensure_ascii=False)) == value


@given(st.text())
def test_no_text_at_all_makes_the_reader_fail_in_another_way(text: str) -> None:
    with suppress(MalformedJson):
        parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "syntax error at character 2"),
        ("{'name': 'x'}", "syntax error at character 2"),
        ('{"name": "x",}', "syntax error at character"),
        ('{"name": "x"} trailing', "syntax error at character 15"),
        ('\ufeff{"name": "x"}', "syntax error at character 1"),
        (" ", "syntax error at character 2"),
        ('{"name": "a\nb"}', "syntax error at character"),
        ('{"name": "x", "name": "y"}', "duplicate field name"),
        ('{"rest": {"a": 1, "a": 1}, "name": "x"}', "duplicate field name"),
        ('{"name": NaN}', "NaN"),
        ('{"name": -Infinity}', "-Infinity"),
        ('{"name": 1e999}', "too large"),
        (f'{{"age": {"9" * 5000}}}', "too large"),
        ('{"name": "a\\u0000b"}', "NUL"),
        ('{"name\\u0000": "x"}', "NUL"),
        ('{"name": "\\ud800"}', "surrogate"),
        ('{"name": "\\udc00\\ud800"}', "surrogate"),
        ('{"\\udfff": "x"}', "surrogate"),
        ('{"name": "\ud83d"}', "surrogate"),
        ("[" * 10_000, "deeper than 32 levels"),
        ("[" * 10_000 + "]" * 10_000, "deeper than 32 levels"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "deeper than 32 levels"),
        ('{"rest":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}", "deeper than 32 levels"),
        (json.dumps({str(number): 0 for number in range(MAX_VALUES)}), "more than 10000 values"),
    ],
)
def test_what_is_not_json_is_malformed_and_the_answer_says_where(text: str, said: str) -> None:
    answer = make(text)
    assert (answer.status, answer.error["code"]) == (400, "MALFORMED_JSON")
    assert said in answer.error["message"]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 400, "-" + "9" * 400, f"1{'0' * 308}.0e1", "9" * 5000])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"name": "x", "age": %s}', "age"),
        ('{"name": "x", "rest": {"a": [0, {"b": %s}]}}', "rest.a.1.b"),
        ('{"rest": {"9": 1, "10": {"b": [%s]}}}', "rest.10.b.0"),
        ("%s", "body"),
    ],
)
def test_a_number_that_is_too_large_is_malformed_however_it_is_written(number: str, body: str, field: str) -> None:
    answer = make(body % number)
    assert (answer.status, answer.error["code"]) == (400, "MALFORMED_JSON")
    assert answer.error["details"] == [{"field": field, "message": "is too large"}]


def test_the_largest_numbers_that_a_double_holds_are_read_exactly() -> None:
    largest = int(sys.float_info.max)
    assert parse(f"[{largest}, -{largest}, 1.7976931348623157e308, 9007199254740993]") == [
        *(largest, -largest, sys.float_info.max),
        2**53 + 1,
    ]


@pytest.mark.parametrize(
    "raw", [b'{"name": "\xff"}', b'{"name": "\xed\xa0\x80"}', b'{"name": "\xc0\xaf"}', b"\x00\x01"]
)
def test_bytes_that_are_no_utf_8_are_malformed(raw: bytes) -> None:
    answer = make(raw)
    assert (answer.status, answer.error["code"]) == (400, "MALFORMED_JSON")


def test_text_that_was_no_utf_8_before_the_gateway_is_malformed() -> None:
    answer = make('{"name": "Zo\ufffd"}')
    assert (answer.status, answer.error["code"]) == (400, "MALFORMED_JSON")
    assert make('{"name": "Zo\\ufffd"}').data["name"] == "Zo\ufffd"


def test_a_body_in_base64_is_read_like_any_other() -> None:
    assert make('{"name": "Zoë 🦊"}'.encode()).data["name"] == "Zoë 🦊"


def test_the_answer_is_utf_8_without_escapes() -> None:
    assert '"Zoë 🦊"'.encode() in make('{"name": "Zo\\u00eb \\ud83e\\udd8a"}').body


@pytest.mark.parametrize("text", ["[]", '[{"name": "x"}]', '"name"', "1", "true", "null"])
def test_a_body_that_is_no_object_is_invalid(text: str) -> None:
    answer = make(text)
    assert answer.status == 400
    assert answer.error["details"] == [{"field": "body", "message": "must be a JSON object"}]


@pytest.mark.parametrize("body", [None, ""])
def test_a_missing_body_is_an_error(body: str | None) -> None:
    answer = make(body)
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert answer.error["details"] == [{"field": "body", "message": "is required: send a JSON object"}]


def test_a_body_that_nobody_asked_for_is_refused_unless_it_says_nothing() -> None:
    json_type = {"Content-Type": "application/json"}
    assert do().status == 204
    assert do("{}", headers=json_type).status == 204
    answer = do('{"id": 1}', headers=json_type)
    assert answer.error["details"] == [{"field": "body", "message": "must be empty for this endpoint"}]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=latin1",
        "application/json; charset=",
        "application/json; charset*=utf-16''utf-8",
        'application/json; x=";charset=utf-8"; charset=utf-16',
        "application/json, text/plain",
        "text/json",
    ],
)
def test_another_content_type_than_json_in_utf_8_is_415(content_type: str) -> None:
    answer = make('{"name": "x"}', {"Content-Type": content_type})
    assert (answer.status, answer.error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert "application/json" in answer.error["message"]


@pytest.mark.parametrize("coding", ["", "identity", "Identity, ,"])
def test_a_body_in_no_coding_is_taken(coding: str) -> None:
    assert make('{"name": "x"}', {"Content-Encoding": coding}).status == 201


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip"])
def test_a_body_in_another_coding_is_415(coding: str) -> None:
    assert make('{"name": "x"}', {"Content-Encoding": coding}).status == 415


@pytest.mark.parametrize(
    "content_type",
    [
        *(
            "application/json",
            "Application/JSON",
            "application/json; charset=UTF-8",
            'application/json;charset="utf-8"',
        ),
        *("application/json;", "application/json; charset=utf-8;", "application/json ; ; charset=utf8 ;"),
        *("application/json; odata.metadata=minimal", 'application/json; note="a; charset=latin1"; CharSet=utf-8'),
    ],
)
def test_json_in_utf_8_is_taken_however_it_is_named(content_type: str) -> None:
    assert make('{"name": "x"}', {"Content-Type": content_type}).status == 201


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ("{}", "name", "is required"),
        ('{"name": null}', "name", "must be a string"),
        ('{"name": 1}', "name", "must be a string"),
        ('{"name": "x", "age": "7"}', "age", "must be an integer"),
        ('{"name": "x", "age": 1.5}', "age", "must be an integer"),
        ('{"name": "x", "age": true}', "age", "must be an integer"),
        ('{"name": "x", "age": -1}', "age", "must be at least 0"),
        ('{"name": "x", "age": 121}', "age", "must be at most 120"),
        ('{"name": "x", "rest": []}', "rest", "must be an object"),
        ('{"name": "x", "address": 1}', "address", "must be an object"),
        ('{"name": "x", "address": {"city": 1}}', "address.city", "must be a string"),
        ('{"name": "x", "address": {"city": "x"}}', "address.city", "must have at least 2 characters"),
        ('{"name": "x", "address": {"city": "Bern", "zip": 1}}', "address.zip", "is not a field of this request"),
        ('{"name": "x", "nick": 1}', "nick", "is not a field of this request"),
    ],
)
def test_each_bad_field_is_named_by_its_path_with_advice(body: str, field: str, message: str) -> None:
    answer = make(body)
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert answer.error["details"] == [{"field": field, "message": message}]


def test_an_answer_names_no_more_than_fifty_fields_and_cuts_long_names() -> None:
    flood = {"x" * 1000 + str(number): 1 for number in range(500)}
    answer = make(json.dumps(flood))
    assert answer.status == 400
    assert len(answer.error["details"]) == 50
    assert len(answer.body) < 10_000


def test_no_answer_repeats_the_value_that_was_wrong() -> None:
    assert b"hunter2" not in make('{"name": "x", "age": "hunter2", "address": "hunter2"}').body


def body_of(size: int, filler: str = "x") -> str:
    """A body of so many bytes in UTF-8."""
    frame = '{"name": "", "rest": {}}'
    return frame.replace('""', f'"{filler * ((size - len(frame)) // len(filler.encode()))}"')


@pytest.mark.parametrize("filler", ["x", "é", "\\n"])
@pytest.mark.parametrize("binary", [False, True])
def test_a_body_of_1_mb_is_read_and_one_byte_more_is_413(filler: str, *, binary: bool) -> None:
    text = body_of(MAX_BODY_BYTES, filler)
    text += " " * (MAX_BODY_BYTES - len(text.encode()))
    good, bad = (make(body.encode() if binary else body) for body in (text, text + " "))
    assert good.status == 201
    assert (bad.status, bad.error["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_body_that_is_too_large_is_413_even_where_none_is_taken_and_whatever_it_is() -> None:
    assert do(" " * (MAX_BODY_BYTES + 1)).status == 413
    assert make("x" * (MAX_BODY_BYTES + 1), {"Content-Type": "text/plain"}).status == 413
