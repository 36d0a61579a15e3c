"""Limits: a document at each limit is executed, one beyond it is refused, and no document takes long to refuse."""

import time
from typing import Any

import pytest
from graphql import get_introspection_query

from lamina.graphql import limits
from tests.support.aws import Answer, Api
from tests.support.graphql import codes, data, send
from tests.support.people import Person

SECONDS = 2.0
"""Of CPU time, for the worst documents; without the limits, some take minutes or gigabytes."""


def refusal(answer: Answer) -> tuple[str, str]:
    """The limit that a document exceeds, and the message."""
    (error,) = answer.json["errors"]
    assert (answer.status, error["extensions"]["code"]) == (400, "LIMIT_EXCEEDED"), answer.body
    (detail,) = error["extensions"]["details"]
    assert detail["field"] in error["message"]
    assert "data" not in answer.json
    return detail["field"], detail["message"]


def within(api: Api, query: str, **variables: Any) -> Answer:
    """The answer to a document, which must not take long."""
    started = time.process_time()
    answer = send(api, query, **variables)
    assert time.process_time() - started < SECONDS
    return answer


def test_2000_tokens_and_no_more(api: Api) -> None:
    titles = " ".join(f"a{n % 10}: title" for n in range(663))
    assert send(api, f"{{ posts(limit: 1) {{ {titles} id }} }}").status == 200
    field, message = refusal(send(api, f"{{ posts(limit: 1) {{ {titles} id slug }} }}"))
    assert (field, message) == ("number of tokens", "is more than 2,000; the limit is 2,000")


@pytest.fixture
def _shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that documents can reach: no path of the schema is as deep as the real one."""
    monkeypatch.setattr(limits, "MAX_DEPTH", 4)


@pytest.mark.usefixtures("_shallow")
def test_depth_counts_the_fields_on_the_longest_path(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = "{ postsPage { nodes { author { id } } } }"
    in_fragments = (
        "{ ...Q } fragment Q on Query { postsPage { ...P } } fragment P on PostPage { nodes { author { id } } }"
    )
    for query in (whole, in_fragments, "{ postsPage { ... { nodes { author { id } } } } }"):
        assert send(api, query).status == 200
    monkeypatch.setattr(limits, "MAX_DEPTH", 3)
    for query in (whole, in_fragments):
        field, message = refusal(send(api, query))
        assert field == "depth"
        assert message.endswith("4; the limit is 3")


def test_depth_is_8() -> None:
    assert limits.MAX_DEPTH == 8


def cost_of(api: Api, query: str, **variables: Any) -> str:
    field, message = refusal(send(api, query, **variables))
    assert field == "cost"
    return message


def test_cost_counts_the_objects_of_lists_and_1000_is_the_limit(admin: Person) -> None:
    lists = " ".join(f"a{n}: posts(limit: 100) {{ id }}" for n in range(10))
    assert send(admin.api, f"{{ {lists} }}").status == 200
    assert cost_of(admin.api, f"{{ {lists} me {{ id }} }}") == "is 1,001; the limit is 1,000"
    below = "posts(limit: 100) { id author { id } content contentHtml }"
    assert send(admin.api, f"{{ {below} }}").status == 200
    assert cost_of(admin.api, f"{{ {below} me {{ id }} }}") == "is 1,001; the limit is 1,000"
    pages = " ".join(f"p{n}: postsPage(first: 100) {{ nodes {{ id }} }}" for n in range(10))
    assert cost_of(admin.api, f"{{ {pages} }}") == "is 1,010; the limit is 1,000"


def test_cost_follows_variables_defaults_and_fragments(admin: Person) -> None:
    lists = " ".join(f"a{n}: posts(limit: $n) {{ ...P }}" for n in range(10))
    query = f"query($n: Int = 50) {{ {lists} }} fragment P on Post {{ author {{ id }} }}"
    assert send(admin.api, query).status == 200
    assert cost_of(admin.api, query, n=51) == "is 1,020; the limit is 1,000"
    assert cost_of(admin.api, query.replace("50", "100")) == "is 2,000; the limit is 1,000"
    assert send(admin.api, query, n=None).status == 200, "null is the usual number"
    usual = " ".join(f"a{n}: posts {{ content contentHtml author {{ id }} }}" for n in range(5))
    assert send(admin.api, f"{{ {usual} }}").status == 200
    assert cost_of(admin.api, f"{{ {usual} me {{ id }} }}") == "is 1,001; the limit is 1,000"


def test_a_size_that_no_list_takes_is_refused_by_the_list_or_its_cost(api: Api) -> None:
    assert cost_of(api, "{ posts(limit: 2000) { id } }") == "is 2,000; the limit is 1,000"
    for size in ("-1", "0", "500"):
        assert codes(send(api, f"{{ posts(limit: {size}) {{ id }} }}")) == [("VALIDATION_ERROR", "posts")]
    for query, variables in (
        ("{ posts(limit: 99999999999999999999) { id } }", {}),
        ("query($n: Int) { posts(limit: $n) { id } }", {"n": 1e30}),
        ("query($n: Int) { posts(limit: $n) { id } }", {"n": True}),
    ):
        assert send(api, query, **variables).status == 400


def test_ten_aliases_of_one_field_and_no_more(api: Api) -> None:
    def aliased(count: int, of: str) -> str:
        return " ".join(f"a{n}: {of}" for n in range(count))

    assert data(api, f"{{ {aliased(10, 'posts(limit: 1) { id }')} }}")["a9"] == []
    field, message = refusal(send(api, f"{{ {aliased(11, 'posts(limit: 1) { id }')} }}"))
    assert (field, message) == ("number of aliases of posts", "is 11; the limit is 10")
    inner = f"{{ posts {{ {aliased(11, 'title')} }} }}"
    assert refusal(send(api, inner))[0] == "number of aliases of title"
    parts = f"fragment A on Post {{ {aliased(6, 'title')} }} fragment B on Post {{ b: title {aliased(10, 'title')} }}"
    split = f"{{ posts {{ ...A ...B }} }} {parts}"
    assert refusal(send(api, split))[0] == "number of aliases of title"


def test_one_operation_and_no_more(api: Api) -> None:
    two = "query A { posts { id } } query B { posts { id } }"
    answer = api.post("/graphql", {"query": two, "operationName": "A"})
    assert refusal(answer) == ("number of operations", "is 2; the limit is 1")
    one = "query A { posts { id } }"
    assert api.post("/graphql", {"query": one, "operationName": "A"}).status == 200
    assert api.post("/graphql", {"query": one, "operationName": "B"}).status == 400


BOMBS = {
    "fields that are repeated": f"{{ posts {{ {'id ' * 1900} }} }}",
    "fields that are repeated in a fragment": f"{{ posts {{ ...A }} }} fragment A on Post {{ {'id ' * 1900} }}",
    "fields that are repeated in many fragments": "{ posts { "
    + " ".join(f"...F{n}" for n in range(100))
    + " } } "
    + " ".join(f"fragment F{n} on Post {{ {'id ' * 10} }}" for n in range(100)),
    "a fragment that nothing uses": f"{{ me {{ id }} }} fragment A on Post {{ {'id ' * 1900} }}",
    "a field that is not there": f"{{ nothing {{ {'id ' * 1900} }} }}",
    "a fragment in itself": "{ posts { ...A } } fragment A on Post { author { id } ...A }",
    "aliases": f"{{ {' '.join(f'a{n}: posts(limit: 1) {{ id }}' for n in range(200))} }}",
    "directives": f"{{ posts {{ id {'@include(if: true) ' * 300} }} }}",
    "parentheses": "{ posts(tag: " + "[" * 900 + "]" * 900 + ") { id } }",
    "levels": "{ posts " + "{ author " * 900 + "}" * 900 + "}",
    "fragments in fragments": "{ ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} ... {{ ...F{n + 1} }} }}" for n in range(100))
    + " fragment F100 on Query { posts(limit: 1) { id } }",
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_take_long_is_refused_or_answered_in_no_time(api: Api, name: str) -> None:
    answer = within(api, BOMBS[name])
    assert answer.status == (200 if name == "fragments in fragments" else 400), answer.body
    assert len(answer.body) < 20_000


def chain(levels: int, aliases: int) -> str:
    """A query of the schema whose result grows exponentially with the levels."""
    kinds = "{ kind }"
    for _ in range(levels):
        kinds = "{ " + " ".join(f"a{n}: ofType {kinds}" for n in range(aliases)) + " }"
    return '{ __type(name: "Post") ' + kinds + " }"


@pytest.mark.parametrize(
    "query",
    [
        chain(4, 4),
        '{ __type(name: "Post") { fields { type { fields { name } } } } }',
        "{ __schema { types { fields { type { ofType { fields { name } } } } } } }",
        '{ __type(name: "Post") ' + "{ ofType " * 20 + "{ kind }" + " }" * 21,
    ],
)
def test_introspection_cannot_grow_beyond_the_schema(admin: Person, query: str) -> None:
    assert "introspection" in refusal(within(admin.api, query))[0]


def test_the_schema_is_for_signed_in_callers(admin: Person, viewer: Person, api: Api) -> None:
    standard = get_introspection_query(descriptions=True, specified_by_url=True, schema_description=True)
    for reader in (admin, viewer):
        assert data(reader.api, standard)["__schema"]["queryType"]["name"] == "Query"
    for query in (
        standard,
        '{ __type(name: "User") { name } }',
        "{ ...Q } fragment Q on Query { __schema { types { name } } }",
    ):
        answer = send(api, query)
        assert (answer.status, codes(answer)) == (401, [("UNAUTHENTICATED", "")])
    assert data(api, "{ __typename posts { __typename } }") == {"__typename": "Query", "posts": []}


def test_names_of_the_schema_are_suggested_to_signed_in_callers_only(viewer: Person, api: Api) -> None:
    query = '{ post(slug: "a") { titel } }'
    assert "Did you mean 'title'" in send(viewer.api, query).json["errors"][0]["message"]
    assert "Did you mean" not in send(api, query).json["errors"][0]["message"]
