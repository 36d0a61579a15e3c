"""What the limits, narrow credentials and interleavings of requests must not break."""

import random
from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.posts import purging, reading, repository
from lamina.posts.indexing import update
from lamina.posts.model import WrittenPost
from lamina.posts.search import statistics
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.iteration import Interrupted
from lamina.users import service as users
from tests.roles.posts import BODY
from tests.support.aws import Api, make_user
from tests.support.people import CONTEXT, Person, again, person

pytestmark = pytest.mark.usefixtures("aws")

RANDOM = random.Random(7)  # noqa: S311 (nothing secret)


@pytest.fixture
def author(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("author", Role.EDITOR)


@pytest.fixture
def admin(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("admin", Role.ADMIN)


def create(who: Person, **fields: object) -> Any:
    answer = who.api.post("/v1/posts", {**BODY, **fields})
    assert answer.status == 201, answer.body
    return answer.data


def path(post: Any) -> str:
    return f"/v1/posts/{post['id']}"


LONG = {
    "repeated": "Ünïcödé **text** " * 5_000,
    "random": "".join(RANDOM.choices("äöüßéèжщ漢字<&\n", k=90_000)),
}


@pytest.mark.parametrize("content", LONG.values(), ids=LONG)
def test_a_post_of_any_size_is_created_once_per_idempotency_key(author: Person, content: str) -> None:
    body, headers = {**BODY, "content": content, "published": True}, {"Idempotency-Key": "key"}
    first, again = (author.api.post("/v1/posts", body, headers=headers) for _ in range(2))
    assert (first.status, again.status, again.headers.get("Idempotent-Replayed")) == (201, 201, "true")
    assert (again.body, again.headers["ETag"]) == (first.body, first.headers["ETag"])
    author.api.patch(path(first.data), {"title": "Changed", "content": "Changed"})
    assert author.api.post("/v1/posts", body, headers=headers).body == first.body
    assert len(Api().get("/v1/posts").data) == 1


class Key:
    """A client that sends an API key with these scopes."""

    def __init__(self, owner: Person, *scopes: str) -> None:
        created = owner.api.post("/v1/api-keys", {"name": "A key", "scopes": scopes})
        assert created.status == 201, created.body
        self._headers = {"X-Api-Key": created.data["key"]}

    def status(self, method: str, target: str, body: object = None) -> int:
        answer = Api().call(method, target, body=body, headers=self._headers)
        if answer.status == 403:
            assert "scope" in answer.error["message"]
        return answer.status


@pytest.mark.parametrize("state", [{}, {"published": True, "visibility": "private"}])
def test_a_key_may_do_to_posts_of_its_owner_what_its_scopes_name(author: Person, state: dict[str, object]) -> None:
    post = create(author, **state)
    allowed = {"read": {"GET"}, "write": {"PATCH", "POST"}, "delete": {"DELETE"}}
    for scope, methods in allowed.items():
        key = Key(author, scope)
        for method, target, body in (
            ("GET", path(post), None),
            ("GET", f"/v1/posts/slug/{post['slug']}", None),
            ("PATCH", path(post), {"tags": [scope]}),
            ("POST", f"{path(post)}/publish", None),
            ("POST", f"{path(post)}/unpublish", None),
            ("DELETE", path(post), None),
        ):
            expected = {"GET": 200, "PATCH": 200, "POST": 200, "DELETE": 204}[method] if method in methods else 403
            assert key.status(method, target, body) == expected, (scope, method)


def test_a_key_of_another_learns_nothing_of_what_is_hidden(author: Person, admin: Person) -> None:
    post = create(author)
    for key in (Key(admin, "read", "write", "delete"), Key(person("other", Role.EDITOR), "read", "write", "delete")):
        assert {key.status(method, path(post), {"title": "Mine"}) for method in ("GET", "PATCH", "DELETE")} == {404}


@pytest.mark.parametrize("query", ["author_id=", "author_id=&published=false", "tag="])
def test_an_empty_filter_is_refused(author: Person, query: str) -> None:
    create(author, published=True)
    for reader in (Api(), author.api):
        assert reader.get(f"/v1/posts?{query}").status == 400


@pytest.mark.parametrize(
    "tag",
    [
        "\u3164",  # Hangul filler, a letter
        "\u115f",
        "\ufe0f",  # a variation selector, a mark
        "news\ufe0f",
        "ne\u034fws",
        "a\U000e0100",
        "\u0301",  # a mark without a letter
        "\u0301news",
    ],
)
def test_a_tag_that_cannot_be_told_from_another_is_refused(author: Person, tag: str) -> None:
    assert author.api.post("/v1/posts", {**BODY, "tags": [tag]}).status == 400


@pytest.mark.parametrize("tag", ["हिन्दी", "ไทย", "עִברִית", "c-3", "-", "é", "e\u0301"])
def test_a_tag_has_letters_of_any_script_with_their_marks(author: Person, tag: str) -> None:
    assert len(create(author, tags=[tag])["tags"]) == 1


def test_highlights_show_nothing_that_was_written_after_the_post_became_private(
    author: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    statistics._kept.statistics = None
    post = create(author, title="A zebra", content="Everybody sees the zebra.", published=True)
    update(post["id"])

    read = reading.get_readable

    def overtaken(*given: Any) -> dict[str, WrittenPost]:
        found = read(*given)
        author.api.patch(path(post), {"visibility": "private", "content": "The zebra's secret."})
        return found

    monkeypatch.setattr(reading, "get_readable", overtaken)
    assert "secret" not in Api().get("/v1/posts?search=zebra").body.decode()


def test_a_purge_that_continues_leaves_slugs_that_others_have_taken(author: Person) -> None:
    post = create(author, slug="wanted")
    users.delete(author.id, CONTEXT, if_version=lambda _: True)
    steps = iter([True, True, True, False])  # time ends when the slugs are released, and the post is not deleted
    with pytest.raises(Interrupted):
        purging.purge(author.id, BatchDeletion(lambda: next(steps)))
    assert repository.get(post["id"])
    assert not repository.taken(["wanted"])
    other = create(person("other", Role.EDITOR), slug="wanted", published=True)
    purging.purge(author.id, BatchDeletion(lambda: True))
    assert repository.get(post["id"]) is None
    assert Api().get("/v1/posts/slug/wanted").data["id"] == other["id"]


def test_entity_tags_do_not_reveal_changes_that_are_not_shown(author: Person) -> None:
    post = create(author, published=True)
    reader = again(make_user("reader", email_verified=True)).api
    targets = [(Api(), path(post)), (Api(), "/v1/posts"), (reader, f"/v1/users/{author.id}")]

    def tags() -> list[str]:
        return [who.get(target).headers["ETag"] for who, target in targets]

    before = tags()
    assert author.api.patch("/v1/users/me", {"age": 36, "metadata": {"a": 1}}).status == 200
    assert tags() == before
    assert author.api.patch("/v1/users/me", {"name": "Another name"}).status == 200
    assert not set(tags()) & set(before)
    changed = author.api.patch(path(post), {"title": "Changed"}, headers={"If-Match": tags()[0]})
    assert changed.status == 200
