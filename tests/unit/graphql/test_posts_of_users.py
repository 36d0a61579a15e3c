"""`User.posts`: what `posts(authorId:)` lists, of one user and of many."""

from typing import Any

import pytest

from lamina.posts.latest import refresh
from tests.support.aws import Api
from tests.support.graphql import codes, data, send, write
from tests.support.people import Person, verified

ONE = "query($id: ID!) { user(id: $id) { posts(limit: 20) { title } } }"
TWO = """query($id: ID!, $other: ID!) {
  user(id: $id) { posts(limit: 20) { title } }
  other: user(id: $other) { posts { id } }
}"""
SEVERAL = "{ users(limit: 20) { username posts(limit: 20) { title } } }"
LISTED = "query($id: ID!) { posts(authorId: $id) { title } }"


@pytest.fixture
def posts(author: Person) -> Person:
    """An author with a draft, a private and a public post."""
    states: dict[str, dict[str, Any]] = {
        "Draft": {"published": False},
        "Private": {"published": True, "visibility": "private"},
        "Public": {"published": True},
    }
    for title, fields in states.items():
        write(author, title=title, **fields)
    refresh(author.id)
    verified(author.user)
    return author


def titles(found: Any) -> list[str]:
    return [each["title"] for each in found]


@pytest.mark.parametrize("name", ["author", "admin", "viewer"])
def test_of_one_and_of_several_users_it_shows_what_their_list_shows(
    posts: Person, admin: Person, viewer: Person, name: str
) -> None:
    verified(viewer.user)
    caller = {"author": posts, "admin": admin, "viewer": viewer}[name]
    listed = titles(data(caller.api, LISTED, id=posts.id)["posts"])
    assert listed == (["Public"] if name == "viewer" else ["Public", "Private", "Draft"])
    assert titles(data(caller.api, ONE, id=posts.id)["user"]["posts"]) == listed
    assert titles(data(caller.api, TWO, id=posts.id, other=viewer.id)["user"]["posts"]) == listed
    of = {each["username"]: each["posts"] for each in data(caller.api, SEVERAL)["users"]}
    assert titles(of["author"]) == listed
    assert of["viewer"] == []


def test_a_post_is_among_those_of_one_user_at_once(author: Person) -> None:
    write(author, published=True)
    assert len(data(author.api, "{ me { posts { id } } }")["me"]["posts"]) == 1


def test_what_was_unpublished_is_not_shown_before_the_consumer_knows(posts: Person, viewer: Person) -> None:
    verified(viewer.user)
    public = data(posts.api, "{ me { posts { id } } }")["me"]["posts"][0]
    posts.api.post(f"/v1/posts/{public['id']}/unpublish")
    assert data(viewer.api, TWO, id=posts.id, other=viewer.id)["user"]["posts"] == []


def test_the_author_of_a_public_post_shows_its_posts_to_everybody(posts: Person, api: Api) -> None:
    found = data(api, "{ posts { author { username posts { title author { name } } } } }")["posts"]
    listed = [{"title": "Public", "author": {"name": posts.user.name}}]
    assert found == [{"author": {"username": posts.user.username, "posts": listed}}]


def test_a_limit_beyond_20_is_refused_and_counted(admin: Person) -> None:
    assert codes(send(admin.api, "{ me { posts(limit: 21) { id } } }")) == [("VALIDATION_ERROR", "me.posts")]
    assert codes(send(admin.api, "{ users(limit: 100) { posts(limit: 10) { id } } }")) == [("LIMIT_EXCEEDED", "")]
