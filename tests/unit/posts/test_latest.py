"""The latest posts of authors: derived from posts, whatever happens in between, and never more than may be seen."""

from itertools import permutations
from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.errors import Conflict
from lamina.posts import latest
from lamina.posts.indexing import follow, rebuild
from lamina.posts.items import LatestPostsItem, latest_key
from lamina.posts.latest import KEPT, refresh
from lamina.posts.purging import purge
from lamina.storage import conditional
from lamina.storage.batch_deletion import BatchDeletion
from tests.roles.posts import BODY
from tests.support.graphql import data
from tests.support.people import Person, person

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def author() -> Person:
    return person("author", Role.EDITOR)


def create(who: Person, **fields: object) -> str:
    answer = who.api.post("/v1/posts", {**BODY, "published": True, **fields})
    assert answer.status == 201, answer.body
    return str(answer.data["id"])


def kept(who: Person) -> tuple[list[str], list[str]]:
    """The ids that are kept of an author: public posts, and all."""
    item = LatestPostsItem.get(*latest_key(who.id))
    return item.public, item.every


def happened(kind: str, post_id: str, who: Person) -> Any:
    return {"type": kind, "subject": post_id, "data": {"owner_id": who.id}}


def test_it_keeps_the_newest_posts_of_an_author_in_order(author: Person) -> None:
    posts = [create(author, published=n % 2 == 0) for n in range(KEPT + 5)]
    assert refresh(author.id)
    public, every = kept(author)
    assert every == posts[: -KEPT - 1 : -1]
    assert public == [post for n, post in enumerate(posts) if n % 2 == 0][::-1]
    assert not refresh(author.id)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_events_may_come_in_any_order_and_again(author: Person, order: tuple[int, ...]) -> None:
    post, other = create(author), create(author, published=False)
    gone = create(author)
    author.api.delete(f"/v1/posts/{gone}")
    events = [
        happened("post.created", other, author),
        happened("post.deleted", gone, author),
        happened("post.published", post, author),
    ]
    for n in (*order, *order):
        follow(events[n])
    assert kept(author) == ([post], [other, post])


def test_a_deleted_post_makes_room_for_an_older_one(author: Person) -> None:
    posts = [create(author) for _ in range(KEPT + 1)]
    refresh(author.id)
    author.api.delete(f"/v1/posts/{posts[-1]}")
    refresh(author.id)
    assert kept(author) == (posts[-2::-1], posts[-2::-1])


def test_concurrent_updates_lose_nothing(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    first = create(author)
    refresh(author.id)
    second = create(author)

    def interrupt(item: LatestPostsItem) -> bool:
        monkeypatch.setattr(latest, "save", conditional.save)
        third.append(create(author))
        assert refresh(author.id, third)
        return conditional.save(item)

    third: list[str] = []
    monkeypatch.setattr(latest, "save", interrupt)
    assert not refresh(author.id, [second])  # the other update has seen it already
    assert kept(author)[0] == [third[0], second, first]


def test_an_update_that_keeps_losing_is_retried_by_the_queue(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    create(author)
    monkeypatch.setattr(latest, "save", lambda _: False)
    with pytest.raises(Conflict):
        refresh(author.id)


def test_a_post_that_has_another_author_is_the_others(author: Person) -> None:
    admin, other = person("admin", Role.ADMIN), person("other", Role.EDITOR)
    post = create(author)
    refresh(author.id)
    admin.api.patch(f"/v1/posts/{post}", {"author_id": other.id})
    query = "query($a: ID!, $b: ID!) { a: user(id: $a) { posts { id } } b: user(id: $b) { posts { id } } }"
    follow(happened("post.updated", post, other))
    seen = data(admin.api, query, a=author.id, b=other.id)
    assert seen == {"a": {"posts": []}, "b": {"posts": [{"id": post}]}}


def test_a_rebuild_repairs_the_latest_posts_of_every_author(author: Person) -> None:
    draft = create(author, published=False)
    other = person("other", Role.EDITOR)
    post = create(other)
    list(rebuild())
    assert (kept(author), kept(other)) == (([], [draft]), ([post], [post]))


def test_a_purge_leaves_none_and_a_late_event_brings_none_back(author: Person) -> None:
    post = create(author)
    refresh(author.id)
    purge(author.id, BatchDeletion(lambda: True))
    follow(happened("post.published", post, author))
    with pytest.raises(LatestPostsItem.DoesNotExist):
        kept(author)
