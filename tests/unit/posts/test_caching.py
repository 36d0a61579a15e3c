"""Cached posts: fewer and smaller reads, and never anything but what the table says at this moment."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.cache import values
from lamina.posts import caching, repository
from lamina.posts.model import Content, Post
from lamina.users import service as users
from lamina.users.model import User
from tests.roles.posts import BODY
from tests.support.aws import Answer, Api
from tests.support.cache_server import cache_server_in, needs_server
from tests.support.people import CONTEXT, Person, Work, person
from tests.unit.cache.conftest import connections_are_closed, shared_at

__all__ = ["connections_are_closed"]
pytestmark = pytest.mark.usefixtures("aws")
READS = {"GetItem", "BatchGetItem", "Query"}


@pytest.fixture
def author(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("author", Role.EDITOR)


@pytest.fixture(params=["in the process", pytest.param("shared", marks=needs_server)])
def next_process(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """Returns a function after which another process serves: it knows what is shared, if anything is."""
    if request.param != "shared":
        yield lambda: None
        return
    with cache_server_in(tmp_path) as server:
        shared = shared_at(server.url)
        monkeypatch.setattr(values, "shared_cache", lambda: shared)
        yield values.memory.clear


def create(who: Person, **fields: object) -> Any:
    answer = who.api.post("/v1/posts", {**BODY, "published": True, **fields})
    assert answer.status == 201, answer.body
    return answer.data


def reads(work: Work, request: Callable[[], Answer]) -> tuple[Answer, int]:
    answer, cost = work.of(request)
    return answer, sum(count for operation, count in cost.items() if operation in READS)


def test_a_public_post_takes_one_read_by_its_id_and_by_its_slug(
    author: Person, work: Work, next_process: Callable[[], None]
) -> None:
    post = create(author, slug="cached")
    values.memory.clear()
    for path, first in ((f"/v1/posts/{post['id']}", 2), ("/v1/posts/slug/cached", 2)):
        at_first, cost = reads(work, partial(Api().get, path))
        assert cost <= first
        for _ in range(3):
            next_process()
            again, cost = reads(work, partial(Api().get, path))
            assert (again.data, again.headers["ETag"], cost) == (at_first.data, at_first.headers["ETag"], 1)


def test_a_write_is_seen_by_everybody_at_once(author: Person, next_process: Callable[[], None]) -> None:
    post = create(author, slug="first")
    path = f"/v1/posts/{post['id']}"
    for number, change in enumerate(
        [{"content": "2"}, {"title": "2"}, {"tags": ["2"]}, {"content": "3"}, {"slug": "s"}]
    ):
        assert Api().get(path).status == Api().get("/v1/posts/slug/first").status == 200
        next_process()
        changed = author.api.patch(path, change)
        assert (changed.status, changed.data["version"]) == (200, number + 2)
        next_process()
        assert Api().get(path).data == author.api.get(path).data == changed.data
    assert Api().get("/v1/posts/slug/first").status == 308
    assert Api().get("/v1/posts/slug/s").data == Api().get(path).data


@pytest.mark.parametrize("change", [{"visibility": "private"}, {"published": False}])
def test_what_is_not_public_any_more_is_not_found_and_its_content_is_its_authors(
    author: Person, next_process: Callable[[], None], change: dict[str, object]
) -> None:
    post = create(author, slug="secret", content="public")
    other = person("other", Role.EDITOR)
    paths = (f"/v1/posts/{post['id']}", "/v1/posts/slug/secret")
    for path in paths:
        assert [Api().get(path).status for _ in range(2)] == [200, 200]
    next_process()
    assert author.api.patch(paths[0], {**change, "content": "private"}).status == 200
    for path in paths:
        next_process()
        assert (Api().get(path).status, other.api.get(path).status) == (404, 404)
        assert author.api.get(path).data["content"] == "private"
        assert Api().get(path).status == 404, "also after its author has read it"
    assert author.api.patch(paths[0], {"visibility": "public", "published": True}).status == 200
    for path in paths:
        next_process()
        assert Api().get(path).data["content"] == "private"


def test_a_private_post_is_never_stored(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[str] = []
    put = values.memory.put

    def record(key: str, value: bytes, seconds: float) -> None:
        stored.append(key)
        put(key, value, seconds)

    monkeypatch.setattr(values.memory, "put", record)
    for fields in ({"published": False}, {"visibility": "private"}):
        post = create(author, **fields)
        for path in (f"/v1/posts/{post['id']}", f"/v1/posts/slug/{post['slug']}"):
            assert author.api.get(path).status == 200
        assert author.api.patch(f"/v1/posts/{post['id']}", {"content": "2"}).status == 200
    assert stored == []


def test_a_deleted_post_and_a_reused_slug(author: Person, next_process: Callable[[], None]) -> None:
    first = create(author, slug="reused", content="first")
    assert Api().get("/v1/posts/slug/reused").data["content"] == "first"
    next_process()
    assert author.api.delete(f"/v1/posts/{first['id']}").status == 204
    next_process()
    assert [Api().get(path).status for path in ("/v1/posts/slug/reused", f"/v1/posts/{first['id']}")] == [404, 404]
    create(author, slug="reused", content="second")
    next_process()
    assert Api().get("/v1/posts/slug/reused").data["content"] == "second"


def test_the_author_is_the_present_one_as_it_is(author: Person, next_process: Callable[[], None]) -> None:
    admin = person("admin", Role.ADMIN)
    post = create(author)
    path = f"/v1/posts/{post['id']}"
    assert Api().get(path).data["author"]["name"] == "Author"
    next_process()
    assert author.api.patch("/v1/users/me", {"name": "Renamed"}).status == 200
    next_process()
    assert Api().get(path).data["author"]["name"] == "Renamed"
    assert admin.api.patch(path, {"author_id": admin.id}).status == 200
    next_process()
    assert Api().get(path).data["author"]["username"] == "admin"
    users.delete(admin.id, CONTEXT, if_version=lambda _: True)
    next_process()
    assert Api().get(path).status == 404


def test_content_that_changes_between_two_reads_is_read_again(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    post = create(author, content="old")
    read = repository.get_with_author

    def change_in_between(post_id: str, author_id: str) -> tuple[Post | None, User | None]:
        found = read(post_id, author_id)
        monkeypatch.setattr(repository, "get_with_author", read)
        assert author.api.patch(f"/v1/posts/{post_id}", {"content": "new"}).status == 200
        values.memory.clear()
        caching.author_ids.put(author_id, post_id)
        return found

    monkeypatch.setattr(repository, "get_with_author", change_in_between)
    assert Api().get(f"/v1/posts/{post['id']}").data["content"] == "new"


def test_no_hint_is_believed(author: Person) -> None:
    one, two = create(author, slug="one"), create(author, slug="two")
    admin = person("admin", Role.ADMIN)
    caching.author_ids.put(admin.id, one["id"])
    caching.post_ids.put(two["id"], "one")
    assert Api().get("/v1/posts/slug/one").data["id"] == one["id"]
    caching.author_ids.put("nobody", one["id"])
    assert Api().get(f"/v1/posts/{one['id']}").data["author"]["id"] == author.id
    caching.content_of.values.put(Content(source="old", html="old"), one["id"], 7)
    assert Api().get(f"/v1/posts/{one['id']}").data["content"] == one["content"]
