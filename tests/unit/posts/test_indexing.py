"""The search index follows the posts, and a search shows only what may be seen."""

import json
from itertools import permutations
from typing import Any

import pytest

from lamina import registry
from lamina.access.policy import Role
from lamina.posts.indexing import Progress, follow, rebuild, update
from lamina.posts.items import post_key
from lamina.posts.purging import purge
from lamina.posts.search import indexing as index
from lamina.posts.search import statistics
from lamina.posts.search.documents import Document
from lamina.posts.search.items import PostTermItem, PostWordItem, indexed_posts
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry, Item
from lamina.users import service as users
from tests.roles.posts import BODY
from tests.support.aws import Api
from tests.support.people import CONTEXT, Person, person
from tests.support.templates import STACKS, template

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture(autouse=True)
def no_statistics() -> None:
    """Statistics that an earlier test has read are forgotten."""
    statistics._kept.statistics = None


@pytest.fixture
def author() -> Person:
    return person("author", Role.EDITOR)


def create(who: Person, **fields: object) -> Any:
    answer = who.api.post("/v1/posts", {**BODY, "published": True, **fields})
    assert answer.status == 201, answer.body
    return answer.data


def change(who: Person, post: Any, **fields: object) -> None:
    assert who.api.patch(f"/v1/posts/{post['id']}", fields).status == 200


def found(query: str, who: Api | None = None) -> list[str]:
    answer = (who or Api()).get(f"/v1/posts?search={query}")
    assert answer.status == 200, answer.body
    return [post["id"] for post in answer.data]


def left_in_the_index() -> list[Item]:
    kinds = {"post_term", "post_word"}
    return [item for item in Item.scan() if Item.kind.get_discriminator(type(item)) in kinds]


def test_a_published_post_is_found_by_title_tags_and_content_with_highlights(author: Person) -> None:
    post = create(author, title="A zebra", content="# Stripes\n\nMany **horses** & <others>.", tags=["animals"])
    follow({"type": "post.published", "subject": post["id"], "data": {"owner_id": author.id}})
    for query in ("zebra", "Animal", "stripes", "hors"):
        assert found(query) == [post["id"]]
    (hit,) = Api().get("/v1/posts?search=horse+zebra").data
    assert hit["score"] > 0
    assert hit["highlights"]["title"] == ["A <mark>zebra</mark>"]
    (fragment,) = hit["highlights"]["content"]
    assert "<mark>horses</mark> &amp;" in fragment
    assert "content_html" not in hit


@pytest.mark.parametrize("fields", [{"published": False}, {"visibility": "private"}])
def test_what_is_not_public_is_not_found_from_that_moment_on(author: Person, fields: dict[str, Any]) -> None:
    post = create(author, title="A zebra")
    update(post["id"])
    change(author, post, **fields)
    assert found("zebra") == []
    assert found("zebra", author.api) == []
    update(post["id"])
    assert left_in_the_index() == []


def test_a_deleted_post_is_not_found_and_its_entries_are_removed(author: Person) -> None:
    post = create(author, title="A zebra")
    update(post["id"])
    assert author.api.delete(f"/v1/posts/{post['id']}").status == 204
    assert found("zebra") == []
    update(post["id"])
    assert left_in_the_index() == []


def test_posts_of_a_deleted_user_are_hidden_and_come_back_when_it_is_restored(author: Person) -> None:
    post = create(author, title="A zebra")
    update(post["id"])
    users.delete(author.id, CONTEXT, if_version=lambda _: True)
    assert found("zebra") == []
    users.restore(author.id, CONTEXT)
    assert found("zebra") == [post["id"]]


def test_drafts_are_not_indexed(author: Person) -> None:
    post = create(author, published=False)
    update(post["id"])
    assert left_in_the_index() == []
    assert author.api.post(f"/v1/posts/{post['id']}/publish").status == 200
    update(post["id"])
    assert found("hello") == [post["id"]]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_readings_of_a_post_may_reach_the_index_in_any_order(
    author: Person, order: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three consumers read the post before, between and after two changes, and write in this order."""
    written: list[tuple[Any, ...]] = []
    monkeypatch.setattr(index, "index", lambda document: written.append((document,)))
    monkeypatch.setattr(index, "remove", lambda *state: written.append(state))
    post = create(author, title="A zebra")
    update(post["id"])
    change(author, post, published=False)
    update(post["id"])
    change(author, post, title="A horse", published=True)
    update(post["id"])
    monkeypatch.undo()
    for number in order:
        state = written[number]
        if isinstance(state[0], Document):
            index.index(state[0])
        else:
            index.remove(*state)
    assert found("zebra") == []
    assert found("horse") == [post["id"]]


def test_a_rebuild_restores_what_is_missing_and_removes_what_is_too_much(author: Person) -> None:
    posts = [create(author, title=f"A zebra {number}") for number in range(3)]
    hidden = create(author, title="A horse")
    for each in (posts[0], hidden):
        update(each["id"])
    change(author, hidden, published=False)
    index.index(Document("0190a3f0-0000-7000-8000-00000000dead", 1, "A ghost", (), ""))
    with Entry.batch_write() as batch:
        for item in left_in_the_index():
            if item.pk == "WORDS#z":
                batch.delete(item)
    *_, progress = rebuild()
    assert progress == Progress(indexed=3, removed=2)
    assert sorted(indexed_posts()) == sorted(each["id"] for each in posts)
    assert set(found("zebra")) == {each["id"] for each in posts}
    assert statistics.current().posts == 3
    *_, progress = rebuild()
    assert progress == Progress(indexed=3, removed=0)


def test_a_purge_removes_the_entries_of_posts(author: Person) -> None:
    post = create(author, title="A zebra")
    update(post["id"])
    purge(author.id, BatchDeletion(lambda: True, dry_run=True))
    assert found("zebra") == [post["id"]]
    purge(author.id, BatchDeletion(lambda: True))
    assert left_in_the_index() == []
    assert not list(Entry.query(post_key(post["id"])[0], Entry.sk.startswith("POST")))
    # A consumer that has read the post before does not bring it back.
    index.index(Document(post["id"], 1, "A zebra", (), ""))
    assert left_in_the_index() == []


def test_no_consumer_of_the_stream_gets_entries_of_the_index() -> None:
    kinds = {Item.kind.get_discriminator(kind) for kind in registry.ITEMS}
    assert {Item.kind.get_discriminator(kind) for kind in (PostTermItem, PostWordItem)} <= kinds
    patterns = [
        json.loads(rule["Pattern"])["dynamodb"]
        for stack in STACKS
        for resource in template(stack)["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "DynamoDB"
        for rule in event["Properties"]["FilterCriteria"]["Filters"]
    ]
    named = {kind for pattern in patterns for image in pattern.values() for kind in image["kind"]["S"]}
    assert patterns
    assert named <= kinds
    assert not {kind for kind in named if kind.startswith(("post", "indexed", "search"))}
