"""GET /graphql: queries only, cacheable where everybody may see the result."""

import json
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest

from lamina.graphql import persisted
from lamina.http.headers import SHARED_CACHING
from tests.support.aws import Answer, Api
from tests.support.graphql import codes, write
from tests.support.openapi import problems
from tests.support.people import Person

DOCUMENT = "query Titles($limit: Int) { posts(limit: $limit) { title } }"


def get(api: Api, headers: dict[str, str] | None = None, **parameters: object) -> Answer:
    """Ask with these parameters; objects as JSON."""
    encoded = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in parameters.items()}
    answer = api.get(f"/graphql?{urlencode(encoded)}", headers=headers or {})
    assert not problems("GET", "/graphql", answer.status, dict(answer.headers), answer.body)
    return answer


@pytest.fixture
def post(author: Person) -> Any:
    return write(author, title="Public", published=True)


@pytest.mark.usefixtures("post")
def test_a_query_is_executed_with_variables_and_a_name(api: Api) -> None:
    answer = get(api, query=DOCUMENT, variables={"limit": 3}, operationName="Titles")
    assert (answer.status, answer.json) == (200, {"data": {"posts": [{"title": "Public"}]}})


@pytest.mark.usefixtures("post")
def test_what_everybody_may_see_is_for_shared_caches_and_revalidated_by_its_tag(api: Api) -> None:
    answer = get(api, query=DOCUMENT)
    assert answer.headers["Cache-Control"] == SHARED_CACHING
    assert {"Authorization", "X-Api-Key"} <= set(answer.headers["Vary"].split(", "))
    again = get(api, {"If-None-Match": answer.headers["ETag"]}, query=DOCUMENT)
    assert (again.status, again.body) == (304, b"")
    assert api.call("HEAD", f"/graphql?{urlencode({'query': DOCUMENT})}").headers["ETag"] == answer.headers["ETag"]


@pytest.mark.usefixtures("post")
def test_what_a_credential_may_have_changed_is_private(author: Person) -> None:
    answer = get(author.api, query=DOCUMENT)
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_errors_are_not_cached(api: Api) -> None:
    for query in ("{ me { id } posts { id } }", "{ nothing }", "{"):
        assert get(api, query=query).headers["Cache-Control"] == "no-store"


def test_a_mutation_is_405_and_does_nothing(author: Person, post: Any) -> None:
    answer = get(author.api, query=f'mutation {{ deletePost(id: "{post["id"]}") }}')
    assert (answer.status, codes(answer), answer.headers["Allow"]) == (405, [("METHOD_NOT_ALLOWED", "")], "POST")
    assert author.api.get(f"/v1/posts/{post['id']}").status == 200


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"variables": {}}, 400, "VALIDATION_ERROR"),
        ({"query": DOCUMENT, "variables": "[1]"}, 400, "VALIDATION_ERROR"),
        ({"query": DOCUMENT, "variables": "{"}, 400, "MALFORMED_JSON"),
        ({"query": DOCUMENT, "extensions": "[]"}, 400, "VALIDATION_ERROR"),
        ({"query": DOCUMENT, "operationName": "Other"}, 400, "VALIDATION_ERROR"),
        ({"query": DOCUMENT, "callback": "x"}, 400, "VALIDATION_ERROR"),
        ({"query": "{ posts { id }"}, 400, "VALIDATION_ERROR"),
        ({"query": "subscription { posts { id } }"}, 400, "VALIDATION_ERROR"),
    ],
)
def test_what_cannot_be_executed_is_refused(api: Api, parameters: dict[str, Any], status: int, code: str) -> None:
    answer = get(api, **parameters)
    assert (answer.status, {each for each, _ in codes(answer)}) == (status, {code})


@pytest.mark.usefixtures("post")
def test_a_hash_stands_for_a_document_that_was_stored_and_get_stores_none(author: Person, api: Api) -> None:
    persisted._stored.cache_clear()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(DOCUMENT.encode()).hexdigest()}}
    assert get(author.api, query=DOCUMENT, extensions=extensions).json["data"]
    unknown = get(api, extensions=extensions)
    assert (unknown.status, codes(unknown)) == (200, [("PERSISTED_QUERY_NOT_FOUND", "")])
    assert unknown.headers["Cache-Control"] == "no-store"
    author.api.post("/graphql", {"query": DOCUMENT, "extensions": extensions})
    found = get(api, extensions=extensions, variables={"limit": 1})
    assert found.json == {"data": {"posts": [{"title": "Public"}]}}
    assert found.headers["Cache-Control"] == SHARED_CACHING
