"""The endpoint: statuses, the format of its errors, and what they do not say."""

import asyncio
import json
from typing import Any

import pytest

from lamina.errors import Unavailable
from lamina.graphql import execution
from lamina.observability.logs import logger
from lamina.posts import reading
from lamina.users import service
from tests.support.aws import Answer, Api
from tests.support.graphql import codes, send, write
from tests.support.openapi import problems
from tests.support.people import Person


def documented(answer: Answer) -> Answer:
    assert not problems("POST", "/graphql", answer.status, dict(answer.headers), answer.body)
    return answer


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "MALFORMED_JSON"),
        ('{"query": "{ posts { id } }", "query": "{ me { id } }"}', 400, "MALFORMED_JSON"),
        ("[]", 400, "VALIDATION_ERROR"),
        ("", 400, "VALIDATION_ERROR"),
        ("{}", 400, "VALIDATION_ERROR"),
        ('{"query": ""}', 400, "VALIDATION_ERROR"),
        ('{"query": 1}', 400, "VALIDATION_ERROR"),
        ('{"query": "{ posts { id } }", "variables": []}', 400, "VALIDATION_ERROR"),
        ('{"query": "{ posts { id } }", "other": 1}', 400, "VALIDATION_ERROR"),
        ('{"query": "{ posts { id }"}', 400, "VALIDATION_ERROR"),
        ('{"query": "{ posts }"}', 400, "VALIDATION_ERROR"),
        ('{"query": "{ posts { nothing } }"}', 400, "VALIDATION_ERROR"),
        ('{"query": "fragment A on Post { id }"}', 400, "VALIDATION_ERROR"),
        ('{"query": "type A { id: ID }"}', 400, "VALIDATION_ERROR"),
        ('{"query": "subscription { posts { id } }"}', 400, "VALIDATION_ERROR"),
        ('{"query": "{ post(id: $id) { id } }"}', 400, "VALIDATION_ERROR"),
        (json.dumps({"query": "x" * 1024 * 1024}), 413, "PAYLOAD_TOO_LARGE"),
    ],
)
def test_what_cannot_be_executed_is_refused_in_the_format_of_graphql(
    api: Api, body: str, status: int, code: str
) -> None:
    answer = documented(api.post("/graphql", body))
    assert answer.status == status
    assert {error["extensions"]["code"] for error in answer.json["errors"]} == {code}
    assert answer.json.keys() == {"errors"}
    assert all(error["extensions"]["requestId"] for error in answer.json["errors"])


def test_null_and_missing_members_are_the_same(api: Api) -> None:
    body = {"query": "{ posts { id } }", "variables": None, "operationName": None, "extensions": None}
    assert documented(api.post("/graphql", body)).json == {"data": {"posts": []}}


def test_a_form_is_refused(api: Api) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = documented(api.post("/graphql", "query=%7Bposts%7Bid%7D%7D", headers=headers))
    assert (answer.status, codes(answer)) == (415, [("UNSUPPORTED_MEDIA_TYPE", "")])


def test_a_bad_credential_is_refused_even_for_what_everybody_may_read(api: Api) -> None:
    answer = documented(api.post("/graphql", {"query": "{ posts { id } }"}, token="bad"))
    assert (answer.status, codes(answer)) == (401, [("UNAUTHENTICATED", "")])
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_full_window_is_429(api: Api) -> None:
    answers = [api.post("/graphql", {"query": "{ posts { id } }"}) for _ in range(101)]
    last = documented(answers[-1])
    assert (last.status, codes(last)) == (429, [("RATE_LIMITED", "")])
    assert int(last.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("declared", "value", "field"),
    [
        ("$id: ID!", None, "v"),
        ("$v: CreatePostInput!", {"title": "secret"}, "v"),
        ("$v: CreatePostInput!", {"title": ["secret"], "content": "b"}, "v.title"),
        ("$v: CreatePostInput!", {"title": "a", "content": "b", "visibility": "secret"}, "v.visibility"),
        ("$v: CreatePostInput!", {"title": "a", "content": "b", "nothing": "secret"}, "v"),
        ("$v: CreatePostInput!", None, "v"),
    ],
)
def test_variables_that_do_not_fit_are_named_without_their_values(
    author: Person, declared: str, value: Any, field: str
) -> None:
    if "CreatePostInput" in declared:
        query = f"mutation({declared}) {{ createPost(input: $v) {{ id }} }}"
        answer = send(author.api, query, v=value)
    else:
        answer = send(author.api, "query($v: ID!) { user(id: $v) { id } }")
    documented(answer)
    assert answer.status == 400
    (error,) = answer.json["errors"]
    assert error["extensions"]["code"] == "VALIDATION_ERROR"
    assert [each["field"] for each in error["extensions"]["details"]] == [field]
    assert b"secret" not in answer.body


def test_a_bug_in_a_field_says_nothing_and_is_logged(
    author: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str) -> None:
        raise KeyError("internal-thing")

    monkeypatch.setattr(service, "get", fail)
    answer = documented(send(author.api, "{ me { id } posts { id } }"))
    assert (answer.status, answer.json["data"]) == (200, {"me": None, "posts": []})
    assert codes(answer) == [("INTERNAL", "me")]
    assert b"internal-thing" not in answer.body
    (record,) = [record for record in caplog.records if record.message == "unexpected failure"]
    assert vars(record)["error"] == ["KeyError"]


def test_an_outage_in_a_field_is_unavailable(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise Unavailable

    monkeypatch.setattr(service, "get", fail)
    assert codes(send(author.api, "{ me { id } }")) == [("UNAVAILABLE", "me")]


def test_a_query_that_takes_too_long_is_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "SECONDS", 0.01)

    async def sleep(*_: object, **__: object) -> None:
        await asyncio.sleep(30)

    field = execution.SCHEMA.query_type.fields["posts"]  # type: ignore[union-attr]  # it has queries
    monkeypatch.setattr(field, "resolve", sleep)
    answer = documented(send(api, "{ posts { id } }"))
    assert (answer.status, codes(answer)) == (503, [("TIMEOUT", "")])
    monkeypatch.undo()
    assert send(api, "{ posts { id } }").status == 200, "the loop goes on"


def test_a_response_that_lambda_would_not_return_is_refused(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    write(author, content="a" * 2000, published=True)
    assert send(author.api, "{ posts { content } }").status == 200
    monkeypatch.setattr(execution, "MAX_RESPONSE_BYTES", 2000)
    answer = documented(send(author.api, "{ posts { content } }"))
    assert (answer.status, codes(answer)) == (400, [("LIMIT_EXCEEDED", "")])


def test_responses_are_not_cached(api: Api) -> None:
    assert send(api, "{ posts { id } }").headers["Cache-Control"] == "no-store"


def test_the_log_holds_neither_query_nor_variables(author: Person, caplog: pytest.LogCaptureFixture) -> None:
    send(author.api, "query Confidential($s: String) { postsPage(search: $s) { hasMore } }", s="confidential")
    lines = [json.dumps(vars(record), default=str) for record in caplog.records]
    assert lines
    assert not any("onfidential" in line for line in lines)


def test_posts_are_listed_in_the_thread_that_has_the_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    read = reading.get_readable

    def note(*arguments: Any) -> Any:
        seen.append(logger.thread_safe_get_current_keys().get("correlation_id", ""))
        return read(*arguments)

    monkeypatch.setattr(reading, "get_readable", note)
    for number in ("first", "second"):
        api.post("/graphql", {"query": "{ posts { id } }"}, headers={"X-Correlation-Id": number})
    assert seen == ["first", "second"]
