"""`GET /v1/posts?search=`: what is found, in which order and by whom, and what is no longer found at once."""

from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.posts.repository import get_whole
from lamina.posts.search.documents import Document
from lamina.posts.search.indexing import index
from lamina.posts.text import plain_text
from lamina.users import service as users
from tests.support.aws import Api
from tests.support.people import CONTEXT, Person, person

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def author(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("author", Role.EDITOR)


def create(author: Person, title: str, content: str, **fields: object) -> Any:
    """A published post that is indexed as the consumer of its events would."""
    body = {"title": title, "content": content, "published": True, **fields}
    created = author.api.post("/v1/posts", body).data
    found = get_whole(created["id"])
    assert found
    post, text = found
    index(Document(post.id, post.version, post.title, post.tags, plain_text(text.html)))
    return created


def titles(query: str, api: Api | None = None) -> list[str]:
    answer = (api or Api()).get(f"/v1/posts?{query}")
    assert answer.status == 200, answer.body
    return [post["title"] for post in answer.data]


def test_title_counts_more_than_tags_and_tags_more_than_content(author: Person) -> None:
    create(author, "In the content", "Something about lighthouses on the coast, told at some length.")
    create(author, "In the tags", "Something about the coast, told at some length.", tags=["lighthouses"])
    create(author, "Lighthouses", "Something about the coast, told at some length.")
    create(author, "Nothing of it", "Something about the coast, told at some length.")
    assert titles("search=lighthouse") == ["Lighthouses", "In the tags", "In the content"]
    hits = Api().get("/v1/posts?search=lighthouse").data
    assert hits[0]["score"] > hits[1]["score"] > hits[2]["score"] > 0


def test_a_hit_shows_where_it_matches_and_escapes_the_rest(author: Person) -> None:
    create(author, "Tom & <Jerry>", "If `a < b`, then <b>bold</b> cats chase mice & run.")
    (hit,) = Api().get("/v1/posts?search=jerry+cats").data
    assert hit["highlights"]["title"] == ["Tom &amp; &lt;<mark>Jerry</mark>&gt;"]
    (fragment,) = hit["highlights"]["content"]
    assert "<mark>cats</mark>" in fragment
    assert "a &lt; b" in fragment
    assert "<b>" not in fragment


@pytest.mark.parametrize("change", ["unpublish", "private", "delete", "author"])
def test_what_is_hidden_is_not_found_from_that_moment_whatever_the_index_says(author: Person, change: str) -> None:
    post = create(author, "Hidden treasure", "Words")
    path = f"/v1/posts/{post['id']}"
    assert titles("search=treasure") == ["Hidden treasure"]
    if change == "unpublish":
        author.api.post(f"{path}/unpublish")
    elif change == "private":
        author.api.patch(path, {"visibility": "private"})
    elif change == "delete":
        author.api.delete(path)
    else:
        users.delete(author.id, CONTEXT, if_version=lambda _: True)
    assert titles("search=treasure") == []
    if change in ("unpublish", "private"):
        assert titles("search=treasure", author.api) == []


def test_pages_follow_each_other_without_repeating_a_post(author: Person) -> None:
    created = {create(author, f"Number {number}", "The same words " * number)["id"] for number in range(1, 8)}
    pages = [Api().get("/v1/posts?search=words&limit=3").json]
    while "next" in pages[-1]["links"]:
        pages.append(Api().get(pages[-1]["links"]["next"].removeprefix("/live")).json)
    found = [post["id"] for page in pages for post in page["data"]]
    assert (len(found), set(found)) == (7, created)
    assert pages[0]["meta"]["total"] is None
    before = Api().get(pages[1]["links"]["prev"].removeprefix("/live")).json
    assert [post["id"] for post in before["data"]] == found[:3]


def test_a_search_is_combined_with_author_and_tag(author: Person) -> None:
    other = person("other", Role.EDITOR)
    create(author, "Mine", "Words", tags=["a"])
    create(author, "Mine, too", "Words", tags=["b"])
    create(other, "Theirs", "Words", tags=["a"])
    assert sorted(titles(f"search=words&author_id={author.id}")) == ["Mine", "Mine, too"]
    assert sorted(titles("search=words&tag=a&published=true")) == ["Mine", "Theirs"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("search=", "search"),
        ("search=%2B%20-", "search"),
        (f"search={'x' * 201}", "search"),
        ("search=words&sort=created_at", "sort"),
        ("search=words&page=2", "page"),
        ("search=words&published=false", "published"),
    ],
)
def test_what_a_search_cannot_do_is_named(query: str, field: str) -> None:
    answer = Api().get(f"/v1/posts?{query}")
    assert (answer.status, [problem["field"] for problem in answer.error["details"]]) == (400, [field])
