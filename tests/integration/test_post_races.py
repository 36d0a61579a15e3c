"""Posts that many change at the same time, on every engine."""

from collections.abc import Callable
from typing import Any

import pytest

from lamina.access.policy import Caller, Role
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.posts import service
from lamina.posts.items import ContentItem, PostEntryItem, PostItem, SlugItem, entry_items, slug_key, to_post
from lamina.posts.model import NewPost, Post
from lamina.users import service as users
from lamina.users.model import User
from tests.integration.crowd import at_once
from tests.integration.test_races import make, outcomes
from tests.support.callers import acting

pytestmark = pytest.mark.usefixtures("table")

CROWD = 12
CONTEXT = RequestContext(None, "test")


@pytest.fixture
def author(table: Any) -> User:  # noqa: ARG001 (a fixture that must be there)
    return make("author", role=Role.ADMIN)


def create(caller: Caller, **fields: Any) -> Post:
    new = NewPost(**{"author_id": caller.user_id, "title": "Hello", "content": "Words", **fields})
    return service.create(new, CONTEXT, by=caller).post


def change(caller: Caller, post: Post, **changes: Any) -> Post:
    return service.update(post.id, changes, CONTEXT, if_version=lambda _: True, by=caller).post


def assert_consistent() -> list[Post]:
    """Every slug, entry and content belongs to a post as it is stored, and none is missing; return the posts."""
    posts = [to_post(item) for item in PostItem.scan(consistent_read=True)]
    slugs = {(guard.pk, guard.sk): guard.post_id for guard in SlugItem.scan(consistent_read=True)}
    assert slugs == {slug_key(slug): post.id for post in posts for slug in (post.slug, *post.old_slugs)}
    entries = {(entry.pk, entry.sk): entry for entry in PostEntryItem.scan(consistent_read=True)}
    expected = {key: entry for post in posts for key, entry in entry_items(post).items()}
    assert {key: _places(entry) for key, entry in entries.items()} == {
        key: _places(entry) for key, entry in expected.items()
    }
    versions = [(item.pk, int(item.version)) for item in ContentItem.scan(consistent_read=True)]
    assert sorted(versions) == sorted((f"POST#{post.id}", post.content_version) for post in posts for _ in range(2))
    return posts


def _places(entry: PostEntryItem) -> tuple[str | None, ...]:
    return entry.gsi1pk, entry.gsi2pk, entry.gsisk


def test_of_many_who_create_posts_with_one_title_each_gets_a_slug_of_its_own(author: User) -> None:
    results = at_once(lambda _: create(acting(author)), CROWD)
    assert outcomes(results) == {"done": CROWD}
    slugs = {post.slug for post in assert_consistent()}
    assert len(slugs) == CROWD
    assert "hello" in slugs


def test_of_many_who_request_one_slug_one_gets_it(author: User) -> None:
    results = at_once(lambda _: create(acting(author), slug="mine"), CROWD)
    assert outcomes(results) == {"done": 1, "SLUG_TAKEN": CROWD - 1}
    assert len(assert_consistent()) == 1


def test_a_slug_that_is_left_and_requested_at_once_stays_with_its_post(author: User) -> None:
    caller = acting(author)
    post = create(caller, slug="first")
    acts: list[Callable[[], Post]] = [
        lambda: change(caller, post, slug="second"),
        lambda: create(caller, slug="first"),
        lambda: create(caller, slug="second"),
    ]
    at_once(lambda number: acts[number % 3](), CROWD)
    posts = {each.id: each for each in assert_consistent()}
    assert "first" in (posts[post.id].slug, *posts[post.id].old_slugs)


def test_many_who_publish_and_unpublish_leave_lists_and_events_that_agree(author: User) -> None:
    caller = acting(author)
    post = create(caller, tags=("a", "b"))
    results = at_once(lambda number: change(caller, post, published=number % 2 == 0), CROWD)
    assert outcomes(results).keys() <= {"done", "CONFLICT"}
    (stored,) = assert_consistent()
    found = [item.event_type for item in OutboxItem.query(f"POST#{post.id}", OutboxItem.sk.startswith("EVENT#"))]
    assert found.count("post.published") - found.count("post.unpublished") == int(stored.published)
    assert stored.version == len(found)


def test_many_who_change_content_tags_and_slug_leave_no_mixture(author: User) -> None:
    caller = acting(author)
    post = create(caller, tags=("old",), published=True)

    def act(number: int) -> Post:
        own = {"content": f"Words {number}", "tags": [f"tag-{number}"], "slug": f"slug-{number}"}
        return change(caller, post, **own)

    assert outcomes(at_once(act, CROWD)).keys() <= {"done", "CONFLICT"}
    (stored,) = assert_consistent()
    number = stored.slug.removeprefix("slug-")
    assert (stored.tags, stored.excerpt) == ((f"tag-{number}",), f"Words {number}")


def test_a_post_that_is_deleted_while_it_is_changed_leaves_nothing(author: User) -> None:
    caller = acting(author)
    post = create(caller, tags=("a",), published=True)

    def act(number: int) -> object:
        if number == 0:
            service.delete(post.id, CONTEXT, if_version=lambda _: True, by=caller)
            return None
        return change(caller, post, tags=[f"tag-{number}"], content=f"Words {number}")

    results = at_once(act, 4)
    assert outcomes(results).keys() <= {"done", "CONFLICT", "NOT_FOUND"}
    assert len(assert_consistent()) == (1 if isinstance(results[0], Exception) else 0)


def test_an_author_who_is_deleted_meanwhile_gets_no_new_post(author: User) -> None:
    editor = make("editor", role=Role.EDITOR)

    def act(number: int) -> object:
        if number == 0:
            users.delete(editor.id, CONTEXT, if_version=lambda _: True)
            return None
        return create(acting(author), author_id=editor.id)

    results = outcomes(at_once(act, CROWD))
    assert results.keys() <= {"done", "AUTHOR_NOT_FOUND", "CONFLICT", "NOT_FOUND"}
    assert len(assert_consistent()) <= results["done"]
