"""Posts over the API: what is written is read, who may see and change what, slugs, lists and caching."""

import random
from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.events.outbox import OutboxItem
from lamina.posts import repository
from lamina.posts.service import MAX_OLD_SLUGS
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.transactions import ConditionFailed
from lamina.users import service as users
from tests.roles.posts import BODY
from tests.support.aws import Answer, Api, make_user
from tests.support.people import CONTEXT, Person, person

pytestmark = pytest.mark.usefixtures("aws")

RANDOM = random.Random(7)  # noqa: S311 (nothing secret)
IDEOGRAPHS = [chr(code) for code in range(0x4E00, 0x9FFF)]
SHARED = "public, max-age=60, stale-while-revalidate=300"


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


def events_of(post: Any) -> list[tuple[str, Any]]:
    """The events of a post, oldest first: type and data."""
    found = OutboxItem.query(f"POST#{post['id']}", OutboxItem.sk.startswith("EVENT#"))
    return [(item.event_type, item.data) for item in found]


def items_of(post: Any) -> set[str]:
    """The sort keys of the items of a post, without its events."""
    found = {item.sk for item in Item.query(f"POST#{post['id']}")}
    return {sk for sk in found if not sk.startswith("EVENT#")}


def ids_of(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [post["id"] for post in answer.data]


def test_what_is_created_is_returned_at_its_location(author: Person) -> None:
    body = {**BODY, "slug": "my-slug", "tags": ["Büro", "c-3", "日本"], "visibility": "private", "published": True}
    answer = author.api.post("/v1/posts", body)
    assert (answer.status, answer.data["version"]) == (201, 1)
    assert answer.data.items() >= {**body, "tags": ["büro", "c-3", "日本"]}.items()
    assert answer.data["content_html"] == "<p>My <strong>first</strong> post.</p>\n"
    assert answer.data["excerpt"] == "My first post."
    assert answer.data["author"] == {"id": author.id, "username": "author", "name": "Author", "avatar_url": None}
    assert answer.headers["Location"].endswith(path(answer.data))
    read = author.api.get(path(answer.data))
    assert (read.data, read.headers["ETag"]) == (answer.data, answer.headers["ETag"])
    assert author.api.get(path(answer.data), headers={"If-None-Match": read.headers["ETag"]}).status == 304


def test_a_new_post_is_a_draft_with_a_slug_of_its_title(author: Person) -> None:
    post = create(author, title="Ça va? L'été à Zürich")
    assert (post["slug"], post["published"], post["published_at"]) == ("ca-va-lete-a-zurich", False, None)
    assert create(author, title="Ça va? L'été à Zürich")["slug"] == "ca-va-lete-a-zurich-2"


def test_each_change_is_an_event_of_its_author(author: Person, admin: Person) -> None:
    post = create(author, published=True)
    author.api.post(f"{path(post)}/publish")
    admin.api.patch(path(post), {"title": "Another title"})
    author.api.post(f"{path(post)}/unpublish")
    author.api.patch(path(post), {"published": True, "tags": ["news"]})
    author.api.delete(path(post))
    facts = {"id": post["id"], "owner_id": author.id, "visibility": "public"}
    on, off = {**facts, "published": True}, {**facts, "published": False}
    assert events_of(post) == [
        ("post.created", on),
        ("post.published", on),
        ("post.updated", {**on, "changed": ["title"]}),
        ("post.unpublished", off),
        ("post.updated", {**on, "changed": ["published", "tags"]}),
        ("post.published", on),
        ("post.deleted", on),
    ]


@pytest.mark.parametrize("fields", [{"published": False}, {"published": True, "visibility": "private"}])
def test_what_is_not_public_is_not_found_by_others(author: Person, admin: Person, fields: dict[str, object]) -> None:
    post = create(author, **fields)
    paths = [path(post), f"/v1/posts/slug/{post['slug']}"]
    for reader in (Api(), person("editor", Role.EDITOR).api):
        assert [reader.get(each).status for each in paths] == [404, 404]
        assert ids_of(reader.get(f"/v1/users/{author.id}/posts")) == []
    assert person("another", Role.EDITOR).api.patch(path(post), {"title": "Changed"}).status == 404
    for reader in (author.api, admin.api):
        answers = [reader.get(each) for each in paths]
        assert [(answer.status, answer.headers["Cache-Control"]) for answer in answers] == [
            (200, "private, no-cache")
        ] * 2
        assert ids_of(reader.get(f"/v1/users/{author.id}/posts")) == [post["id"]]


def test_what_is_public_is_read_and_cached_by_everybody(author: Person) -> None:
    post = create(author, published=True)
    for reader in (Api(), person("viewer").api):
        answer = reader.get(path(post))
        assert (answer.data["id"], answer.headers["Cache-Control"]) == (post["id"], SHARED)
        assert "Authorization" in answer.headers["Vary"]
        assert reader.get(path(post), headers={"If-None-Match": answer.headers["ETag"]}).status == 304
    assert author.api.get(path(post)).headers["Cache-Control"] == "private, no-cache"
    listed = Api().get("/v1/posts")
    assert (ids_of(listed), listed.headers["Cache-Control"]) == ([post["id"]], SHARED)
    assert Api().get("/v1/posts", headers={"If-None-Match": listed.headers["ETag"]}).status == 304
    assert author.api.get("/v1/posts").headers["Cache-Control"] == "private, no-cache"


def test_a_bad_credential_is_refused_where_none_is_accepted(author: Person) -> None:
    post = create(author, published=True)
    for target in (path(post), f"/v1/posts/slug/{post['slug']}", "/v1/posts", f"/v1/users/{author.id}/posts"):
        assert Api(token="no.such.token").get(target).status == 401
        assert Api().get(target).status == 200


def test_only_its_author_and_admins_change_a_post(author: Person, admin: Person) -> None:
    post = create(author, published=True)
    other = person("other", Role.EDITOR)
    assert person("viewer").api.post("/v1/posts", BODY).status == 403
    assert Api().post("/v1/posts", BODY).status == 401
    for who, expected in ((other, 403), (author, 200), (admin, 200)):
        api = who.api
        assert api.put(path(post), {**BODY, "title": f"By {who.user.username}", "published": True}).status == expected
        assert api.patch(path(post), {"title": f"Again by {who.user.username}"}).status == expected
        assert api.post(f"{path(post)}/unpublish").status == expected
        assert api.post(f"{path(post)}/publish").status == expected
    assert other.api.delete(path(post)).status == 403
    assert author.api.delete(path(post)).status == 204


def test_only_admins_name_another_author(author: Person, admin: Person) -> None:
    assert author.api.post("/v1/posts", {**BODY, "author_id": admin.id}).status == 403
    post = create(author, author_id=author.id)
    assert author.api.patch(path(post), {"author_id": admin.id}).status == 403
    given = admin.api.patch(path(post), {"author_id": admin.id}).data
    assert (given["author_id"], given["author"]["username"]) == (admin.id, "admin")
    assert ids_of(admin.api.get(f"/v1/users/{author.id}/posts")) == []
    assert ids_of(admin.api.get(f"/v1/users/{admin.id}/posts")) == [post["id"]]
    assert create(admin, author_id=author.id)["author"]["username"] == "author"
    missing = {"author_id": "0190a3f0-0000-7000-8000-000000000000"}
    for answer in (admin.api.post("/v1/posts", {**BODY, **missing}), admin.api.patch(path(post), missing)):
        assert (answer.status, answer.error["code"]) == (422, "AUTHOR_NOT_FOUND")


def test_a_replaced_post_keeps_its_slug_and_author_and_resets_the_rest(author: Person, admin: Person) -> None:
    post = create(author, tags=["news"], visibility="private", published=True)
    replaced = admin.api.put(path(post), {"title": "New", "content": "New *content*."}).data
    assert (
        replaced.items()
        >= {
            "slug": post["slug"],
            "author_id": author.id,
            "tags": [],
            "visibility": "public",
            "published": False,
            "published_at": None,
            "content_html": "<p>New <em>content</em>.</p>\n",
            "version": 2,
        }.items()
    )
    assert items_of(post) == {"POST", "SOURCE", "HTML"}


def test_changes_without_a_difference_raise_no_version(author: Person) -> None:
    post = create(author, tags=["news"], published=True)
    same = {name: post[name] for name in ("title", "content", "slug", "tags", "visibility", "published", "author_id")}
    for answer in (
        author.api.patch(path(post), same),
        author.api.patch(path(post), {}),
        author.api.put(path(post), same),
        author.api.post(f"{path(post)}/publish"),
    ):
        assert answer.data == post
    assert len(events_of(post)) == 2


def test_an_old_slug_redirects_and_stays_reserved(author: Person) -> None:
    post = create(author, title="First title", published=True)
    assert author.api.patch(path(post), {"slug": "second"}).data["slug"] == "second"
    moved = Api().get("/v1/posts/slug/first-title")
    assert (moved.status, moved.headers["Location"].endswith("/v1/posts/slug/second")) == (308, True)
    assert moved.headers["Cache-Control"] == "no-store"
    other = create(author, title="First title")
    assert other["slug"] == "first-title-2"
    for answer in (
        author.api.patch(path(other), {"slug": "first-title"}),
        author.api.post("/v1/posts", {**BODY, "slug": "second"}),
    ):
        assert (answer.status, answer.error["code"]) == (409, "SLUG_TAKEN")
    assert author.api.patch(path(post), {"slug": "first-title"}).data["slug"] == "first-title"
    assert Api().get("/v1/posts/slug/second").status == 308
    author.api.post(f"{path(post)}/unpublish")
    assert Api().get("/v1/posts/slug/second").status == 404
    author.api.delete(path(post))
    assert create(author, slug="second")["slug"] == "second"


def test_a_post_keeps_a_limited_number_of_old_slugs(author: Person) -> None:
    post = create(author)
    for number in range(MAX_OLD_SLUGS):
        assert author.api.patch(path(post), {"slug": f"slug-{number}"}).status == 200
    refused = author.api.patch(path(post), {"slug": "one-more"})
    assert (refused.status, refused.error["code"]) == (422, "TOO_MANY_SLUGS")
    assert author.api.patch(path(post), {"slug": "slug-0"}).status == 200
    assert author.api.delete(path(post)).status == 204
    assert not repository.taken(["slug-0", f"slug-{MAX_OLD_SLUGS - 1}"])


def test_a_deleted_post_leaves_nothing_but_its_events(author: Person) -> None:
    post = create(author, tags=["a", "b"], published=True)
    assert len(items_of(post)) == 8
    author.api.delete(path(post))
    assert items_of(post) == set()
    assert author.api.get(path(post)).status == 404
    assert author.api.delete(path(post)).status == 404


def test_lists_show_what_the_caller_may_see(author: Person, admin: Person) -> None:
    draft = create(author)["id"]
    private = create(author, visibility="private", published=True)["id"]
    public = create(author, published=True, tags=["news"])["id"]
    other = create(admin, tags=["news"])["id"]
    mine = f"author_id={author.id}"
    seen = {
        "": [[public], [public], [public]],
        "?published=true": [[public], [public], [public, private]],
        "?published=false": [[], [draft], [other, draft]],
        f"?{mine}": [[public], [public, private, draft], [public, private, draft]],
        f"?{mine}&published=true": [[public], [public, private], [public, private]],
        f"?{mine}&published=false": [[], [draft], [draft]],
        f"?author_id={admin.id}": [[], [], [other]],
        "?tag=news": [[public], [public], [public]],
        "?tag=NEWS&published=false": [[], [], [other]],
        f"?tag=news&{mine}": [[public], [public], [public]],
        "?tag=nothing": [[], [], []],
        "?sort=created_at": [[public], [public], [public]],
    }
    for query, expected in seen.items():
        found = [ids_of(reader.get(f"/v1/posts{query}")) for reader in (Api(), author.api, admin.api)]
        assert found == expected, query


def test_lists_follow_what_changes(author: Person) -> None:
    post = create(author, tags=["a", "b"], published=True)

    def found() -> list[bool]:
        queries = ("", "?tag=a", "?tag=b", "?tag=c", "?sort=created_at", "?tag=c&sort=created_at")
        return [bool(ids_of(Api().get(f"/v1/posts{query}"))) for query in queries]

    assert found() == [True, True, True, False, True, False]
    author.api.patch(path(post), {"tags": ["b", "c"]})
    assert found() == [True, False, True, True, True, True]
    author.api.patch(path(post), {"visibility": "private"})
    assert found() == [False] * 6
    author.api.patch(path(post), {"visibility": "public"})
    assert found() == [True, False, True, True, True, True]
    author.api.post(f"{path(post)}/unpublish")
    assert found() == [False] * 6


@pytest.mark.parametrize("sort", ["published_at", "-published_at", "created_at", "-created_at"])
def test_lists_are_sorted_and_paged_both_ways(author: Person, sort: str) -> None:
    created = [create(author)["id"] for _ in range(5)]
    published = [created[index] for index in (3, 1, 4, 0, 2)]
    for each in published:
        author.api.post(f"/v1/posts/{each}/publish")
    order = published if "published" in sort else created
    expected = order[::-1] if sort.startswith("-") else order
    pages = [Api().get(f"/v1/posts?limit=2&sort={sort}").json]
    while "next" in pages[-1]["links"]:
        pages.append(Api().get(pages[-1]["links"]["next"].removeprefix("/live")).json)
    assert [post["id"] for page in pages for post in page["data"]] == expected
    assert Api().get(pages[1]["links"]["prev"].removeprefix("/live")).json["data"] == pages[0]["data"]
    numbered = Api().get(f"/v1/posts?limit=2&sort={sort}&page=2").json
    assert (numbered["data"], numbered["meta"]["total"]) == (pages[1]["data"], None)


def test_lists_with_drafts_are_sorted_by_creation(author: Person) -> None:
    refused = author.api.get(f"/v1/posts?author_id={author.id}&sort=published_at")
    assert (refused.status, refused.error["details"][0]["field"]) == (400, "sort")
    assert author.api.get(f"/v1/posts?author_id={author.id}&sort=published_at&published=true").status == 200


def test_posts_of_a_deleted_author_are_hidden_until_the_author_is_restored(author: Person, admin: Person) -> None:
    post = create(author, published=True)
    paths = [path(post), f"/v1/posts/slug/{post['slug']}"]
    lists = ["/v1/posts", f"/v1/posts?author_id={author.id}"]
    users.delete(author.id, CONTEXT, if_version=lambda _: True)
    assert [Api().get(each).status for each in paths] == [404, 404]
    assert [ids_of(Api().get(each)) for each in lists] == [[], []]
    assert admin.api.patch(path(post), {"title": "Changed"}).status == 404
    users.restore(author.id, CONTEXT)
    assert [Api().get(each).status for each in paths] == [200, 200]
    assert [ids_of(Api().get(each)) for each in lists] == [[post["id"]]] * 2


def test_the_entity_tag_changes_with_the_author_and_a_precondition_does_not(author: Person) -> None:
    post = create(author, published=True)
    tag = Api().get(path(post)).headers["ETag"]
    author.api.patch("/v1/users/me", {"name": "Another name"})
    assert Api().get(path(post), headers={"If-None-Match": tag}).data["author"]["name"] == "Another name"
    assert author.api.patch(path(post), {"title": "Changed"}, headers={"If-Match": tag}).status == 200
    for answer in (
        author.api.patch(path(post), {"title": "Changed again"}, headers={"If-Match": tag}),
        author.api.put(path(post), BODY, headers={"If-Match": tag}),
        author.api.post(f"{path(post)}/unpublish", headers={"If-Match": tag}),
        author.api.delete(path(post), headers={"If-Match": tag}),
    ):
        assert answer.status == 412


def test_changes_that_keep_losing_to_others_are_a_conflict(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    post = create(author)

    def overtaken(**_: object) -> None:
        raise ConditionFailed({})

    monkeypatch.setattr(transactions, "write", overtaken)
    for answer in (
        author.api.post("/v1/posts", BODY),
        author.api.patch(path(post), {"title": "Changed"}),
        author.api.delete(path(post)),
    ):
        assert (answer.status, answer.error["code"]) == (409, "CONFLICT")


@pytest.mark.parametrize(
    "content",
    [
        "漢字かな" * 16_500,
        "я" * 100_000,
        "".join(map(chr, range(0x400, 0x600))) * 195,
        "<&\"'>" * 20_000,
        # Links of random characters are the least compressible: the address is percent-encoded, and also the text.
        " ".join(f"<http://{''.join(RANDOM.choices(IDEOGRAPHS, k=180))}>" for _ in range(363)),
    ],
)
def test_content_of_the_largest_size_is_stored_and_returned(author: Person, content: str) -> None:
    post = create(author, content=content, published=True)
    assert Api().get(path(post)).data["content"] == content


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"content": ""}, "content"),
        ({"content": " \n\t"}, "content"),
        ({"content": "x" * 100_001}, "content"),
        ({"content": "漢" * 66_667}, "content"),
        ({"content": "a\x01b"}, "content"),
        ({"slug": "Upper"}, "slug"),
        ({"slug": "a" * 81}, "slug"),
        ({"slug": "ü"}, "slug"),
        ({"tags": ["two words"]}, "tags.0"),
        ({"tags": ["ok", "x" * 51]}, "tags.1"),
        ({"tags": [""]}, "tags.0"),
        ({"tags": [f"tag-{number}" for number in range(21)]}, "tags"),
        ({"visibility": "secret"}, "visibility"),
        ({"published": "yes"}, "published"),
        ({"author_id": "me"}, "author_id"),
        ({"unknown": 1}, "unknown"),
        ({"content_html": "<b>"}, "content_html"),
    ],
)
def test_an_invalid_field_is_named(author: Person, fields: dict[str, object], named: str) -> None:
    post = create(author)
    for answer in (author.api.post("/v1/posts", {**BODY, **fields}), author.api.patch(path(post), fields)):
        assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
        assert [problem["field"] for problem in answer.error["details"]] == [named]


@pytest.mark.parametrize(
    "query", ["author_id=me", "author_id=", "tag=two+words", "published=yes", "sort=title", "tag=", "other=1"]
)
def test_an_invalid_query_parameter_is_named(author: Person, query: str) -> None:
    answer = author.api.get(f"/v1/posts?{query}")
    assert (answer.status, answer.error["details"][0]["field"]) == (400, query.partition("=")[0])


def test_a_post_by_a_user_who_was_deleted_meanwhile_is_not_created(admin: Person) -> None:
    somebody = make_user("somebody")
    users.delete(somebody.id, CONTEXT, if_version=lambda _: True)
    assert admin.api.post("/v1/posts", {**BODY, "author_id": somebody.id}).error["code"] == "AUTHOR_NOT_FOUND"
