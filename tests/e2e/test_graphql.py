"""GraphQL on the running stack, whose roles are enforced: written by one, read by everybody."""

from http import HTTPStatus
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import SEED_PASSWORD

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture
def editor(anyone: Client, seeded: str) -> Client:
    assert seeded
    return anyone.signed_in("editor@lamina.test", SEED_PASSWORD)


def data(client: Client, query: str, **variables: object) -> Any:
    answer = client.post("/graphql", {"query": query, "variables": variables})
    assert answer.status == HTTPStatus.OK, answer.body
    assert "errors" not in answer.json, answer.body
    return answer.json["data"]


def test_a_post_is_written_listed_with_its_author_and_deleted(anyone: Client, editor: Client) -> None:
    create = "mutation($input: CreatePostInput!) { createPost(input: $input) { id version author { email } } }"
    new = {"title": "By GraphQL", "content": "Some *words*.", "tags": ["graphql"], "published": True}
    post = data(editor, create, input=new)["createPost"]
    assert post["author"] == {"email": "editor@lamina.test"}
    query = """{ me { username } postsPage(tag: "graphql", first: 1) { hasMore nodes {
        id contentHtml author { username }
    } } }"""
    found = data(editor, query)
    author = {"username": found["me"]["username"]}
    node = {"id": post["id"], "contentHtml": "<p>Some <em>words</em>.</p>\n", "author": author}
    assert found["postsPage"] == {"hasMore": False, "nodes": [node]}
    change = 'mutation($id: ID!) { updatePost(id: $id, input: {slug: "by-graphql-again"}, version: 1) { version } }'
    assert data(editor, change, id=post["id"])["updatePost"] == {"version": 2}
    by_slug = '{ post(slug: "by-graphql-again") { id content } }'
    assert data(anyone, by_slug)["post"] == {"id": post["id"], "content": "Some *words*."}
    assert data(editor, "mutation($id: ID!) { deletePost(id: $id) }", id=post["id"]) == {"deletePost": True}
    refused = anyone.post("/graphql", {"query": "{ me { id } }"}).json
    assert (refused["data"], refused["errors"][0]["extensions"]["code"]) == ({"me": None}, "UNAUTHENTICATED")


def test_what_is_not_a_document_and_who_is_nobody_are_refused(anyone: Client) -> None:
    assert anyone.post("/graphql", {"query": "{ posts {"}).status == HTTPStatus.BAD_REQUEST
    headers = {"Authorization": "Bearer bad"}
    answer = anyone.post("/graphql", {"query": "{ posts { id } }"}, headers=headers)
    assert answer.status == HTTPStatus.UNAUTHORIZED
    assert answer.json["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
