"""Posts, for the tests that cover every function."""

import json
from collections.abc import Callable
from typing import Any

from lamina import ids
from lamina.access.policy import Action, Role
from lamina.posts.indexing import update
from lamina.posts.items import PostItem, SlugItem, content_items, entry_items, post_item, post_key, slug_key
from lamina.posts.model import Content, Post, Visibility
from lamina.posts.search import statistics
from lamina.posts.search.items import indexed_posts
from lamina.storage import list_cursors
from lamina.storage.item import Item
from tests.roles.process import Scenario, forget_idempotency_records, place, table_busy
from tests.support.aws import Api, invoke, signed_in
from tests.support.samples import sample

POST = "0190a3f0-0000-7000-8000-0000000000d1"
VIEWER = "0190a3f0-0000-7000-8000-000000000002"
BODY = {"title": "Hello, world", "content": "My **first** post."}


def stored(post_id: str, author_id: str, slug: str, **fields: Any) -> list[Item]:
    """The items of a post, published for everybody unless `fields` say otherwise."""
    now = ids.now()
    published = {"title": "Hello, world", "excerpt": "My first post.", "published_at": now, "tags": ("news",)}
    times = {"created_at": now, "updated_at": now}
    post = Post(id=post_id, author_id=author_id, slug=slug, **{**published, **times, **fields})
    content = Content(source="My **first** post.", html="<p>My <strong>first</strong> post.</p>\n")
    guard = SlugItem(*slug_key(slug), post_id=post_id)
    return [post_item(post), guard, *content_items(post, content), *entry_items(post).values()]


def store_sample() -> None:
    for item in stored(POST, VIEWER, "hello-world"):
        item.save()


def resource() -> None:
    admin, user = signed_in("admin", Role.ADMIN)
    _create(admin)
    other = admin.post("/v1/posts", {**BODY, "author_id": user.id, "tags": ["news"], "published": True}).data
    at = f"/v1/posts/{other['id']}"
    for target in (at, f"/v1/posts/slug/{other['slug']}"):
        assert admin.get(target).status == 200
    for change in ({"slug": "second", "tags": ["a", "b"]}, {"slug": "third", "tags": ["b", "c"]}):
        assert admin.put(at, {**BODY, **change, "content": "Replaced."}).status == 200
    for change in ({"slug": "fourth", "tags": ["c", "d"]}, {"tags": ["d", "e"], "content": "Changed."}):
        assert admin.patch(at, change).status == 200
    assert admin.get(f"/v1/posts/slug/{other['slug']}").status == 308
    for verb in ("publish", "unpublish", "publish"):
        assert admin.post(f"{at}/{verb}").status == 200
    for target in ("/v1/posts", "/v1/posts?published=true", f"/v1/users/{user.id}/posts"):
        list_cursors._secrets.clear_cache()  # type: ignore[no-untyped-call]  # Powertools leaves it so
        page = admin.get(f"{target}{'&' if '?' in target else '?'}limit=1")
        assert page.status == 200, page.body
    statistics._kept.statistics = None
    assert [hit["id"] for hit in admin.get("/v1/posts?search=hel").data] == []
    update(other["id"])
    assert [hit["id"] for hit in admin.get("/v1/posts?search=hel").data] == [other["id"]]
    assert admin.get(f"/v1/posts?author_id={user.id}&limit=1").json["meta"]["has_more"]
    assert admin.get(f"/v1/users/{user.id}/posts?limit=1").json["meta"]["has_more"]
    assert admin.delete(at).status == 204


def _create(admin: Api) -> None:
    request: dict[str, Any] = {"body": BODY, "headers": {"Idempotency-Key": "1"}}
    with table_busy():
        assert admin.post("/v1/posts", **request).status == 503
    created = admin.post("/v1/posts", **request)
    assert admin.post("/v1/posts", **request).json == created.json
    forget_idempotency_records()
    assert admin.post("/v1/posts", **request).data == created.data


def index() -> None:
    store_sample()
    with table_busy():
        assert invoke(place("consumers/index_posts"), _event(0))["batchItemFailures"]
    assert _index(0) == [POST]
    PostItem.get(*post_key(POST)).update([PostItem.title.set("Another"), PostItem.tags.set([])])
    assert _index(1) == [POST]
    PostItem.get(*post_key(POST)).delete()
    assert _index(2) == []


def _index(number: int) -> list[str]:
    """Let the consumer process another event of the post; return which posts are in the index."""
    assert invoke(place("consumers/index_posts"), _event(number)) == {"batchItemFailures": []}
    return list(indexed_posts())


def _event(number: int) -> dict[str, Any]:
    event = sample("consumers/index_posts")
    body = json.loads(event["Records"][0]["body"])
    body["detail"]["id"] = f"event-{number}"
    event["Records"][0]["body"] = json.dumps(body)
    return event


def refresh_statistics() -> None:
    store_sample()
    update(POST)
    place_of = place("schedules/refresh_search_statistics")
    assert invoke(place_of, sample("schedules/refresh_search_statistics"))["posts"] == 1


NOBODYS = {"search_statistics"}
SCENARIOS: dict[str, Scenario] = {
    "consumers/index_posts": index,
    "posts/create": resource,
    "posts/delete": resource,
    "posts/get": resource,
    "posts/get_by_slug": resource,
    "posts/list": resource,
    "posts/publish": resource,
    "posts/replace": resource,
    "posts/unpublish": resource,
    "posts/update": resource,
    "schedules/refresh_search_statistics": refresh_statistics,
    "users/list_posts": resource,
}

EVERYBODY = {Role.ADMIN, Role.EDITOR, Role.VIEWER}
WRITERS = {Role.ADMIN, Role.EDITOR}
ALLOWED = {
    # action: who may do it to anybody's, who may do it to their own
    Action.POST_CREATE: (WRITERS, WRITERS),
    Action.POST_SET_AUTHOR: ({Role.ADMIN}, {Role.ADMIN}),
    Action.POST_READ_UNPUBLISHED: ({Role.ADMIN}, EVERYBODY),
    Action.POST_UPDATE: ({Role.ADMIN}, EVERYBODY),
    Action.POST_DELETE: ({Role.ADMIN}, EVERYBODY),
}


def questions(inside: Any) -> dict[Action, Callable[[Any, str], int]]:
    """The questions about a post of somebody."""

    def path(author_id: str, **fields: Any) -> str:
        post_id = ids.new_id()
        for item in stored(post_id, author_id, f"post-{post_id}", **fields):
            inside.put(item)
        return f"/v1/posts/{post_id}"

    def as_forbidden(status: int) -> int:
        return 403 if status == 404 else status

    private = {"visibility": Visibility.PRIVATE}
    return {
        Action.POST_CREATE: lambda asker, _: asker.post("/v1/posts", BODY).status,
        Action.POST_SET_AUTHOR: lambda asker, user: (
            asker.patch(path(asker.get("/v1/users/me").data["id"]), {"author_id": user}).status
        ),
        Action.POST_READ_UNPUBLISHED: lambda asker, user: as_forbidden(asker.get(path(user, **private)).status),
        Action.POST_UPDATE: lambda asker, user: asker.patch(path(user), {"title": "Changed"}).status,
        Action.POST_DELETE: lambda asker, user: asker.delete(path(user)).status,
    }
