"""Mutations: the same rules as in REST."""

from typing import Any

import pytest

from lamina.access.policy import Role
from tests.support.aws import PASSWORD
from tests.support.graphql import codes, data, send, write
from tests.support.people import Person, login, person

CREATE_USER = "mutation($input: CreateUserInput!) { createUser(input: $input) { id username name email role } }"
UPDATE_USER = """mutation($id: ID!, $input: UpdateUserInput!, $version: Int) {
    updateUser(id: $id, input: $input, version: $version) { name age locale metadata version }
}"""
CREATE_POST = """mutation($input: CreatePostInput!) {
    createPost(input: $input) { id slug tags visibility published content contentHtml author { username } version }
}"""
UPDATE_POST = """mutation($id: ID!, $input: UpdatePostInput!, $version: Int) {
    updatePost(id: $id, input: $input, version: $version) { title slug tags content version }
}"""
NEW = {"username": "ada", "email": "Ada@Example.com", "password": PASSWORD}


def test_an_admin_creates_users_who_can_sign_in(admin: Person) -> None:
    user = data(admin.api, CREATE_USER, input=NEW)["createUser"]
    assert user == {"id": user["id"], "username": "ada", "name": "ada", "email": "ada@example.com", "role": "viewer"}
    assert login("ada@example.com").status == 200
    second = {**NEW, "username": "bob", "email": "bob@example.com", "name": "Bob", "role": "editor"}
    assert data(admin.api, CREATE_USER, input=second)["createUser"]["role"] == "editor"
    assert codes(send(admin.api, CREATE_USER, input={**NEW, "username": "eve"})) == [("EMAIL_TAKEN", "createUser")]


def test_nobody_else_creates_users(author: Person) -> None:
    answer = send(author.api, CREATE_USER, input=NEW)
    assert (answer.status, answer.json["data"], codes(answer)) == (200, None, [("FORBIDDEN", "createUser")])
    assert codes(send(type(author.api)(), CREATE_USER, input=NEW)) == [("UNAUTHENTICATED", "createUser")]


def test_invalid_fields_are_named_as_in_the_schema_without_their_values(admin: Person, author: Person) -> None:
    bad = {"username": "a", "email": "nobody", "password": "secret-thing"}
    answer = send(admin.api, CREATE_USER, input=bad)
    (error,) = answer.json["errors"]
    assert error["extensions"]["code"] == "VALIDATION_ERROR"
    assert {each["field"] for each in error["extensions"]["details"]} == {"username", "email", "password"}
    assert b"secret-thing" not in answer.body
    (error,) = send(author.api, CREATE_POST, input={"title": "A", "content": "B", "authorId": "x"}).json["errors"]
    assert [each["field"] for each in error["extensions"]["details"]] == ["authorId"]


def test_users_update_themselves_within_their_rights(author: Person) -> None:
    first = data(author.api, UPDATE_USER, id=author.id, input={"name": "Ada", "metadata": {"a": 1, "b": 2}})
    assert first["updateUser"]["metadata"] == {"a": 1, "b": 2}
    change = {"age": 36, "locale": "de-ch", "metadata": {"a": None}}
    version = first["updateUser"]["version"]
    second = data(author.api, UPDATE_USER, id=author.id, input=change, version=version)["updateUser"]
    assert second == {
        "name": "Ada",
        "age": 36,
        "locale": "de-CH",
        "metadata": {"b": 2},
        "version": version + 1,
    }
    refused: list[tuple[dict[str, Any], str]] = [
        ({"role": "admin"}, "FORBIDDEN"),
        ({"email": "new@example.com"}, "USE_CHANGE_EMAIL"),
        ({"name": None}, "VALIDATION_ERROR"),
    ]
    for fields, code in refused:
        assert codes(send(author.api, UPDATE_USER, id=author.id, input=fields)) == [(code, "updateUser")]
    other = person("other")
    assert codes(send(author.api, UPDATE_USER, id=other.id, input={"name": "X"})) == [("FORBIDDEN", "updateUser")]


def test_a_change_of_another_version_is_refused(author: Person) -> None:
    post = write(author)
    stale: list[tuple[str, dict[str, Any]]] = [
        (UPDATE_USER, {"id": author.id, "input": {"name": "X"}}),
        (UPDATE_POST, {"id": post["id"], "input": {"title": "X"}}),
        *(
            (
                f"mutation($id: ID!, $version: Int) {{ {name}(id: $id, version: $version) {selected} }}",
                {"id": post["id"]},
            )
            for name, selected in (("publishPost", "{ id }"), ("unpublishPost", "{ id }"), ("deletePost", ""))
        ),
    ]
    for query, variables in stale:
        ((code, _),) = codes(send(author.api, query, **variables, version=7))
        assert code == "PRECONDITION_FAILED"
    assert author.api.get(f"/v1/posts/{post['id']}").data == post


def test_a_post_is_written_published_and_deleted(author: Person) -> None:
    body = {"title": "Hello, world", "content": "My **first** post.", "tags": ["News"], "slug": "hello"}
    post = data(author.api, CREATE_POST, input={**body, "visibility": "private"})["createPost"]
    assert post == {
        "id": post["id"],
        "slug": "hello",
        "tags": ["news"],
        "visibility": "private",
        "published": False,
        "content": body["content"],
        "contentHtml": "<p>My <strong>first</strong> post.</p>\n",
        "author": {"username": "author"},
        "version": 1,
    }
    changed = data(author.api, UPDATE_POST, id=post["id"], input={"content": "New.", "tags": []}, version=1)[
        "updatePost"
    ]
    assert changed == {"title": "Hello, world", "slug": "hello", "tags": [], "content": "New.", "version": 2}
    flip = "mutation($id: ID!) { FLIP(id: $id) { published version } }"
    for name, published, version in (
        ("publishPost", True, 3),
        ("publishPost", True, 3),
        ("unpublishPost", False, 4),
        ("unpublishPost", False, 4),
    ):
        found = data(author.api, flip.replace("FLIP", name), id=post["id"])[name]
        assert found == {"published": published, "version": version}
    delete = "mutation($id: ID!) { deletePost(id: $id, version: 4) }"
    assert data(author.api, delete, id=post["id"]) == {"deletePost": True}
    assert codes(send(author.api, delete, id=post["id"])) == [("NOT_FOUND", "deletePost")]


def test_posts_of_others_are_theirs(author: Person, viewer: Person, admin: Person) -> None:
    post = write(author, published=True)
    for query, name in (
        ("mutation($id: ID!) { publishPost(id: $id) { id } }", "publishPost"),
        ("mutation($id: ID!) { deletePost(id: $id) }", "deletePost"),
    ):
        assert codes(send(viewer.api, query, id=post["id"])) == [("FORBIDDEN", name)]
    body = {"title": "A", "content": "B"}
    assert codes(send(viewer.api, CREATE_POST, input=body)) == [("FORBIDDEN", "createPost")]
    assert codes(send(author.api, CREATE_POST, input={**body, "authorId": viewer.id})) == [("FORBIDDEN", "createPost")]
    given = data(admin.api, CREATE_POST, input={**body, "authorId": viewer.id})["createPost"]
    assert given["author"] == {"username": "viewer"}
    taken = {**body, "slug": given["slug"]}
    assert codes(send(admin.api, CREATE_POST, input=taken)) == [("SLUG_TAKEN", "createPost")]


def test_mutations_run_one_after_the_other_and_each_fails_alone(author: Person) -> None:
    post = write(author)
    query = """mutation($id: ID!) {
        first: publishPost(id: $id, version: 1) { version }
        stale: unpublishPost(id: $id, version: 1) { version }
        last: unpublishPost(id: $id, version: 2) { version }
    }"""
    answer = send(author.api, query, id=post["id"])
    assert answer.json["data"] == {"first": {"version": 2}, "stale": None, "last": {"version": 3}}
    assert codes(answer) == [("PRECONDITION_FAILED", "stale")]


@pytest.mark.parametrize("metadata", ["{a: 1e999}", '{a: "\\u0000"}', "[1]"])
def test_metadata_holds_only_what_a_json_body_may(author: Person, metadata: str) -> None:
    query = f'mutation {{ updateUser(id: "{author.id}", input: {{metadata: {metadata}}}) {{ id }} }}'
    answer = send(author.api, query)
    assert answer.json["errors"][0]["extensions"]["code"] in ("MALFORMED_JSON", "VALIDATION_ERROR"), answer.body
    assert author.user.role == Role.EDITOR
    assert author.api.get("/v1/users/me").data["metadata"] == {}
