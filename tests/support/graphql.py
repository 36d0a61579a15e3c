"""A GraphQL client for tests."""

from typing import Any

from tests.roles.posts import BODY
from tests.support.aws import Answer, Api
from tests.support.people import Person


def send(api: Api, query: str, **variables: Any) -> Answer:
    """Send a document with variables."""
    return api.post("/graphql", {"query": query, "variables": variables})


def data(api: Api, query: str, **variables: Any) -> Any:
    """The data of a document that succeeds."""
    answer = send(api, query, **variables)
    assert answer.status == 200, answer.body
    assert "errors" not in answer.json, answer.body
    return answer.json["data"]


def codes(answer: Answer) -> list[tuple[str, str]]:
    """The code and the path of each error."""
    return [(error["extensions"]["code"], ".".join(map(str, error.get("path", [])))) for error in answer.json["errors"]]


def write(who: Person, **fields: object) -> Any:
    """A post of somebody, by REST."""
    answer = who.api.post("/v1/posts", {**BODY, **fields})
    assert answer.status == 201, answer.body
    return answer.data
