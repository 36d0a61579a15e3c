"""Posts, their search, and GraphQL."""

from collections.abc import Callable
from typing import Any

from lamina import ids
from lamina.posts.indexing import update as update_index
from lamina.posts.latest import refresh
from lamina.posts.search import statistics
from lamina.posts.search.documents import Document
from lamina.posts.search.indexing import index, remove
from tests.integration.access_patterns.pattern import Pattern, World
from tests.support.aws import Answer, Api

PAGE = 10
"""Posts of a page."""
INDEXED_WORDS = 100


POST = {
    "title": "Words, words, words",
    "content": "Some *words* of a post.",
    "tags": ["news", "words"],
    "published": True,
}


def _write(world: World, _: object = None) -> Answer:
    return world.admin.post("/v1/posts", POST)


def _written(world: World) -> str:
    return str(_write(world).data["id"])


def _of_post(target: str = "", **changes: object) -> Callable[[World, str], Answer]:
    """Read a post as somebody who is not signed in, or change it as its author."""

    def act(world: World, post: str) -> Answer:
        path = f"/v1/posts/{post}"
        if changes:
            return world.admin.patch(path, changes)
        return world.admin.post(f"{path}{target}") if target else Api().get(path)

    return act


def _slug(world: World) -> str:
    return str(_write(world).data["slug"])


def _read_by_slug(_: World, slug: str) -> Answer:
    return Api().get(f"/v1/posts/slug/{slug}")


def _read_slug(world: World) -> str:
    slug = _slug(world)
    _read_by_slug(world, slug)
    return slug


def _posts(query: str) -> Callable[[World, Any], Answer]:
    return lambda _, cursor: Api().get(f"/v1/posts?limit=10&{query}" + (f"&cursor={cursor}" if cursor else ""))


def _graphql(query: str) -> Callable[[World, Any], Answer]:
    def act(world: World, _: object) -> Answer:
        answer = world.admin.post("/graphql", {"query": query})
        assert "errors" not in answer.json, answer.body
        return answer

    return act


def _posts_of_user(world: World, _: object) -> Answer:
    return Api().get(f"/v1/users/{world.somebody.id}/posts")


def _delete_post(world: World, post: str) -> Answer:
    return world.admin.delete(f"/v1/posts/{post}")


def _next_posts(_: World) -> str:
    return str(Api().get("/v1/posts?limit=10").json["meta"]["next_cursor"])


def _text(words: int, *, last: str = "last") -> str:
    """A text of so many words, each of them different."""
    return " ".join([*(f"item{number}x" for number in range(words - 1)), last])


def _indexed(count: int, text: str) -> str:
    """Index so many posts; return the id of one that is not indexed yet, and exists as little as these."""
    for _ in range(count):
        index(Document(ids.new_id(), 1, "Words", ("news",), text))
    return ids.new_id()


def _index(post_id: str, version: int = 1, last: str = "last") -> None:
    index(Document(post_id, version, "Words", ("news",), _text(INDEXED_WORDS, last=last)))


def _in_index(_: World) -> str:
    post_id = _indexed(1, _text(INDEXED_WORDS, last="other"))
    _index(post_id)
    return post_id


def _searched(word: str) -> Callable[[World], object]:
    """Publish and index as many posts as a page has, with a word that no others have."""

    def prepare(world: World) -> None:
        for _ in range(PAGE):
            post = world.admin.post("/v1/posts", {**POST, "content": f"A {word} and other words."}).data
            update_index(post["id"])
        statistics._kept.statistics = None  # a process reads them once a minute

    return prepare


PATTERNS = (
    Pattern("Create a post with two tags", "POST /v1/posts", _write),
    Pattern("Read a post", "GET /v1/posts/{id}", _of_post(), _written),
    Pattern("… by its slug", "GET /v1/posts/slug/{slug}", _read_by_slug, _slug),
    Pattern("… in the cache", "GET /v1/posts/{id}", _of_post(), _written, cached=True),
    Pattern("… in the cache, by its slug", "GET /v1/posts/slug/{slug}", _read_by_slug, _read_slug, cached=True),
    Pattern("List posts, newest first", "GET /v1/posts", _posts("")),
    Pattern("… by cursor", "GET /v1/posts", _posts(""), _next_posts),
    Pattern("… with a tag", "GET /v1/posts", _posts("tag=news")),
    Pattern(
        "… of an author", "GET /v1/users/{id}/posts", lambda world, _: Api().get(f"/v1/users/{world.somebody.id}/posts")
    ),
    Pattern("Update the title of a post", "PATCH /v1/posts/{id}", _of_post(title="Other words"), _written),
    Pattern("… its content", "PATCH /v1/posts/{id}", _of_post(content="Other words"), _written),
    Pattern("… its slug", "PATCH /v1/posts/{id}", _of_post(slug="other-words"), _written),
    Pattern("Unpublish a post", "POST /v1/posts/{id}/unpublish", _of_post("/unpublish"), _written),
    Pattern(
        "Delete a post", "DELETE /v1/posts/{id}", lambda world, post: world.admin.delete(f"/v1/posts/{post}"), _written
    ),
    Pattern("Search posts for a word of ten posts", "GET /v1/posts", _posts("search=heron"), _searched("heron")),
    Pattern("… for two words", "GET /v1/posts", _posts("search=pelican+words"), _searched("pelican")),
    Pattern("… by the beginning of a word", "GET /v1/posts", _posts("search=kingfi"), _searched("kingfisher")),
    Pattern(
        "Index a post of 100 words that others have too",
        "queue → consumers/index_posts",
        lambda _, post_id: _index(post_id),
        lambda _: _indexed(1, _text(INDEXED_WORDS)),
    ),
    Pattern(
        "… after a change of one word",
        "queue → consumers/index_posts",
        lambda _, post_id: _index(post_id, 2, "other"),
        _in_index,
    ),
    Pattern(
        "Remove a post from the index", "queue → consumers/index_posts", lambda _, post_id: remove(post_id), _in_index
    ),
    Pattern(
        "Add a post to the latest of its author",
        "queue → consumers/index_posts",
        lambda _, post: refresh(post["author_id"], [post["id"]]),
        lambda world: _write(world).data,
    ),
    Pattern("Your user and your latest posts", "POST /graphql", _graphql("{ me { name posts { title } } }")),
    Pattern(
        "Ten users with their latest posts", "POST /graphql", _graphql("{ users { name posts(limit: 5) { title } } }")
    ),
    Pattern(
        "Ten posts with their authors", "POST /graphql", _graphql("{ posts(limit: 10) { title author { name } } }")
    ),
)
