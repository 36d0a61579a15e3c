"""Input that nobody should send: each gets a 4xx in the envelope, nothing is written, nothing of it is logged."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any

import pytest

from tests.e2e.client import Answer, Client
from tests.e2e.conftest import PASSWORD, Inside, register

pytestmark = pytest.mark.xdist_group("stack")

ZOE = {"email": "never@example.com", "username": "never-made", "name": "Never Made", "password": PASSWORD}
DEEP = 10_000
MEGABYTE = 1024 * 1024
SECRET = "hunter2-hunter2-hunter2"
"""Stands where the input is broken, so that a log or an answer that quotes it is found out."""


def with_field(name: str, raw: str) -> str:
    """The body of a registration in which this field is written so."""
    return json.dumps({**ZOE, name: "@"}).replace('"@"', raw)


BODIES: dict[str, str | bytes] = {
    "nothing": b"",
    "a word": SECRET,
    "a broken object": f'{{"password": "{SECRET}"',
    "a comma too many": json.dumps(ZOE)[:-1] + ",}",
    "two objects": json.dumps(ZOE) * 2,
    "a list": json.dumps([ZOE]),
    "a number": "1",
    "null": "null",
    "NaN": with_field("age", "NaN"),
    "infinity": with_field("age", "1e999"),
    "a number of 5000 digits": with_field("age", "9" * 5000),
    "age as text": with_field("age", '"34"'),
    "age with a fraction": with_field("age", "34.5"),
    "age below zero": with_field("age", "-1"),
    "age too high": with_field("age", "121"),
    "age as truth": with_field("age", "true"),
    "name as number": with_field("name", "1"),
    "name as null": with_field("name", "null"),
    "name as object": with_field("name", '{"$ne": null}'),
    "name too long": with_field("name", json.dumps("x" * 101)),
    "name empty": with_field("name", '""'),
    "name of spaces": with_field("name", '"   "'),
    "name with control characters": with_field("name", '"a\\u0007b"'),
    "name of nothing visible": with_field("name", '"\\u200b\\u2060"'),
    "name that turns what follows it": with_field("name", '"a\\u202eb"'),
    "name of two lines": with_field("name", '"a\\u2028b"'),
    "name with a noncharacter": with_field("name", '"a\\uffffb"'),
    "address with two dots": with_field("email", '"a..b@example.com"'),
    "address of an IP": with_field("email", '"a@1.2.3.4"'),
    "password with a superscript for a digit": with_field("password", '"Aa²aaaaaa"'),
    "name with a NUL": with_field("name", '"a\\u0000b"'),
    "name with a raw NUL": with_field("name", '"a\x00b"'),
    "name with a lone surrogate": with_field("name", '"\\ud800"'),
    "name with surrogates the wrong way round": with_field("name", '"\\udc00\\ud800"'),
    "name with a raw surrogate": with_field("name", '"?"').encode().replace(b"?", b"\xed\xa0\x80"),
    "name in Latin-1": with_field("name", '"Zoe?"').encode().replace(b"?", b"\xeb"),
    "overlong UTF-8": with_field("name", '"?"').encode().replace(b"?", b"\xc0\xaf"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(ZOE).encode(),
    "UTF-16": json.dumps(ZOE).encode("utf-16"),
    "an address without @": with_field("email", '"never.example.com"'),
    "an address with a line break": with_field("email", '"never@example.com\\nBcc: x@example.com"'),
    "an address too long": with_field("email", json.dumps("x" * 250 + "@example.com")),
    "a username with a slash": with_field("username", '"never/made"'),
    "a username of two characters": with_field("username", '"ab"'),
    "a password too short": with_field("password", '"Aa1"'),
    "a password too long": with_field("password", json.dumps("Aa1" + "x" * 126)),
    "a password without a digit": with_field("password", '"No-digit-here"'),
    "a common password": with_field("password", '"Password1"'),
    "metadata as a list": with_field("metadata", "[]"),
    "metadata over 8 KB": with_field("metadata", json.dumps({"a": "x" * 8192})),
    "metadata 10,000 deep": with_field("metadata", '{"a":' * DEEP + "1" + "}" * DEEP),
    "lists 10,000 deep": "[" * DEEP + "]" * DEEP,
    "lists 10,000 deep that do not end": "[" * DEEP,
    "an unknown field": with_field("is_admin", "true"),
    "a field of somebody else's": with_field("role", '"admin"'),
    "a prototype": with_field("__proto__", '{"role": "admin"}'),
    "a field twice": json.dumps(ZOE)[:-1] + ', "name": "Twice"}',
    "a field twice further in": with_field("metadata", '{"a": 1, "a": 2}'),
    "20,000 unknown fields": json.dumps({**ZOE, **{f"f{number}": 0 for number in range(20_000)}}),
}
CONTENT_TYPES = (
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/json; charset=iso-8859-1",
    "application/merge-patch+json",
)

NO_IDS = (
    *("x", "0", "-1", "null", "*", "{id}", "x" * 4000, "'%20OR%201=1", "USER%23x"),
    *("%00", "%0a", "%ed%a0%80", "%ff", "..%2f..", "a%2Fb"),
)
NO_CREDENTIALS = (
    *("", "null", "Bearer", "Bearer ", "Bearer x", "Bearer ..", "Bearer a.b.c", "Basic YTpi", "Bearer \xff"),
    "Bearer " + "x" * 8000,
)


@pytest.fixture
def untouched(inside: Inside) -> Iterator[None]:
    """The table is the same after the test as before."""
    before = inside.items()
    yield
    assert inside.items() == before


def assert_refused(answer: Answer, *statuses: int) -> None:
    assert answer.status in (statuses or (400,)), answer.body[:500]
    assert set(answer.json) == {"error"}
    assert set(answer.error) == {"code", "message", "details", "request_id"}
    assert answer.error["message"]
    assert answer.error["request_id"]
    for detail in answer.error["details"]:
        assert set(detail) == {"field", "message"}
    for inner in (SECRET, "Traceback", "pydantic", "lamina-Data", "dynamodb", "KMS", ".py"):
        assert inner not in answer.body.decode()
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Correlation-Id"]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_cannot_be_meant_is_refused(anyone: Client, secrets: set[str], body: str) -> None:
    secrets.add(SECRET)
    assert_refused(anyone.post("/v1/auth/register", BODIES[body]))


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_a_body_of_another_content_type_is_refused(anyone: Client, content_type: str) -> None:
    answer = anyone.post("/v1/auth/register", ZOE, headers={"Content-Type": content_type})
    assert_refused(answer, 415)
    assert answer.error["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("size", [MEGABYTE + 1, 7 * MEGABYTE, 11 * MEGABYTE])
def test_more_than_a_megabyte_is_too_large_whoever_refuses_it(anyone: Client, size: int) -> None:
    answer = anyone.post("/v1/auth/register", with_field("name", json.dumps("x" * size)))
    assert_refused(answer, 413)
    assert answer.error["code"] == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("body", ["a broken object", "a list", "name as number", "a prototype", "metadata 10,000 deep"])
def test_a_change_that_cannot_be_meant_changes_nothing(
    anyone: Client, inside: Inside, newcomer: dict[str, Any], method: str, body: str
) -> None:
    me = anyone.signed_in(newcomer["email"], PASSWORD)
    before = inside.items()
    assert_refused(me.call(method, f"/v1/users/{newcomer['id']}", BODIES[body]))
    assert inside.items() == before


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("body", ["{}", '{"email": 1, "password": 2}', '{"email": "a@b.c"}', "[]", DEEP * "["])
def test_a_login_that_cannot_be_meant_is_refused(anyone: Client, body: str) -> None:
    assert_refused(anyone.post("/v1/auth/login", body))


@pytest.mark.parametrize("identifier", NO_IDS)
def test_an_id_that_is_none_is_refused(admin: Client, inside: Inside, identifier: str) -> None:
    before = inside.items()
    for method, body in (("GET", None), ("PATCH", {"name": "N"}), ("DELETE", None)):
        assert_refused(admin.call(method, f"/v1/users/{identifier}", body), 400, 404)
    assert inside.items() == before


@pytest.mark.parametrize(
    "identifier",
    [
        "01890a5d-ac96-774b-bcce-b302099a8057",
        "7d444840-9dc0-11d1-b245-5ffdce74fad2",
        "F47AC10B-58CC-4372-A567-0E02B2C3D479",
    ],
)
def test_an_id_of_nobody_is_404(admin: Client, identifier: str) -> None:
    for method, body in (("GET", None), ("PATCH", {"name": "N"}), ("DELETE", None)):
        assert_refused(admin.call(method, f"/v1/users/{identifier}", body), 404)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=1_0",
        "limit=%205",
        "limit=%2B5",
        "limit=",
        "limit=1&limit=2",
        "limit=%00",
        "limit=" + "9" * 5000,
        "page=0",
        "page=501",
        "page=1&cursor=x",
        "sort=age",
        "sort=",
        "sort=email,username",
        "role=root",
        "status=gone",
        "deleted=maybe",
        "deleted=yes",
        "deleted=1",
        "search=",
        "search=%20",
        "search=%ff",
        "search=%ed%a0%80",
        "search=%00",
        "search=" + "x" * 101,
        "unknown=1",
        "Limit=1",
        "limit[]=1",
        "%ff=1",
        "x" * 5000 + "=1",
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(admin: Client, query: str) -> None:
    assert_refused(admin.get(f"/v1/users?{query}"))


def test_a_forged_cursor_is_refused(admin: Client) -> None:
    first = admin.get("/v1/users?limit=2")
    cursor = first.meta["next_cursor"]
    middle = len(cursor) // 2
    flipped = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
    forged = [
        flipped,
        cursor[:-4],
        cursor[4:],
        cursor + "AAAA",
        "x",
        "%20",
        "%00",
        "%F0%9F%A6%8A",
        "A" * 4000,
        cursor * 50,
    ]
    for text in forged:
        answer = admin.get(f"/v1/users?limit=2&cursor={text}")
        assert_refused(answer)
        assert answer.error["details"][0]["field"] == "cursor"
    for query in ("sort=username&limit=2", "role=viewer&limit=2", "search=a&limit=2"):
        assert_refused(admin.get(f"/v1/users?{query}&cursor={cursor}"))


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "schl\xfcssel"])
@pytest.mark.usefixtures("untouched")
def test_an_idempotency_key_that_is_none_is_refused(anyone: Client, key: str) -> None:
    assert_refused(anyone.post("/v1/auth/register", ZOE, headers={"Idempotency-Key": key}))


@pytest.mark.parametrize("tag", ["", "1", '"1"', "*, *", 'W/"*"', "'", '"', "\xff", "x" * 8000])
def test_a_tag_that_is_none_never_lets_a_change_pass(anyone: Client, newcomer: dict[str, Any], tag: str) -> None:
    me = anyone.signed_in(newcomer["email"], PASSWORD)
    assert_refused(me.patch("/v1/users/me", {"name": "Passed"}, headers={"If-Match": tag}), 412)
    assert me.get("/v1/users/me").data == newcomer


@pytest.mark.parametrize("credential", NO_CREDENTIALS)
def test_a_credential_that_is_none_is_401(anyone: Client, credential: str) -> None:
    answer = anyone.get("/v1/users/me", headers={"Authorization": credential})
    assert_refused(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="lamina"')


def test_odd_headers_do_no_harm(anyone: Client) -> None:
    user = register(anyone)
    odd = {"User-Agent": "\xed\xa0\x80" + "x" * 5000, "X-Correlation-Id": "\xff <script>", "X-Forwarded-For": "1.2.3.4"}
    answer = anyone.post("/v1/auth/login", {"email": user["email"], "password": PASSWORD}, headers=odd)
    assert answer.status == 200
    assert len(answer.headers["X-Correlation-Id"]) == 36


@pytest.mark.parametrize(
    "raw",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /v1/users/\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nxy",
        b"POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"TRACE /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_the_envelope_too(anyone: Client, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", anyone.port), timeout=10) as connection:
        connection.sendall(raw)
        response = HTTPResponse(connection)
        response.begin()
        assert_refused(Answer(response.status, response.headers, response.read()), 400, 405)
