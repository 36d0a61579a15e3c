"""Queries: what they return is what REST returns, to everybody who asks."""

from typing import Any

import pytest

from lamina.posts.indexing import update
from tests.support.aws import Api
from tests.support.graphql import codes, data, send, write
from tests.support.people import Person, person, verified

USER = (
    "id username name avatarUrl createdAt "
    "email age locale role status emailVerified metadata version updatedAt createdBy"
)
PRIVATE = {
    "email",
    "age",
    "locale",
    "role",
    "status",
    "email_verified",
    "metadata",
    "version",
    "updated_at",
    "created_by",
}
POST = """id title excerpt slug tags visibility published publishedAt author { id username name avatarUrl } authorId
    version createdAt updatedAt content contentHtml"""


def snake(fields: Any) -> Any:
    """Fields by their names in REST."""
    if isinstance(fields, list):
        return [snake(each) for each in fields]
    if not isinstance(fields, dict):
        return fields
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): snake(v) for name, v in fields.items()}


def test_me_is_the_user_of_the_credential(author: Person) -> None:
    user = snake(data(author.api, f"{{ me {{ {USER} }} }}")["me"])
    rest = author.api.get("/v1/users/me").data
    assert user == {name: rest[name] for name in user}
    assert user["role"] == "editor"


def test_users_are_read_whole_by_admins_and_as_public_profiles_by_others(
    author: Person, admin: Person, viewer: Person
) -> None:
    query = f"query($id: ID!) {{ user(id: $id) {{ {USER} }} }}"
    whole = snake(data(admin.api, query, id=author.id)["user"])
    rest = admin.api.get(f"/v1/users/{author.id}").data
    assert whole == {name: rest[name] for name in whole}
    verified(viewer.user)
    viewer.refresh()
    answer = send(viewer.api, query, id=author.id)
    assert answer.status == 200
    seen = snake(answer.json["data"]["user"])
    assert {name for name, value in seen.items() if value is None} == PRIVATE | {"avatar_url"}
    profile = viewer.api.get(f"/v1/users/{author.id}").data
    assert {name: seen[name] for name in profile} == profile
    assert len(codes(answer)) == len(PRIVATE)
    assert ("FORBIDDEN", "user.emailVerified") in codes(answer)


def test_users_can_be_read_by_others_only_once_their_address_is_proven_as_in_rest(
    author: Person, viewer: Person
) -> None:
    query = "query($id: ID!) { user(id: $id) { name } users { name } }"
    answer = send(viewer.api, query, id=author.id)
    assert viewer.api.get(f"/v1/users/{author.id}").status == 403
    assert sorted(codes(answer)) == [("FORBIDDEN", "user"), ("FORBIDDEN", "users")]
    assert answer.json["data"] is None


def test_what_is_not_there_is_null_with_the_code_of_rest(admin: Person) -> None:
    gone = person("gone")
    admin.api.delete(f"/v1/users/{gone.id}")
    query = 'query($id: ID!) { user(id: $id) { id } post(id: $id) { id } slug: post(slug: "none") { id } me { id } }'
    answer = send(admin.api, query, id=gone.id)
    assert answer.json["data"] == {"user": None, "post": None, "slug": None, "me": {"id": admin.id}}
    assert sorted(codes(answer)) == [("NOT_FOUND", "post"), ("NOT_FOUND", "slug"), ("NOT_FOUND", "user")]


def test_without_signing_in_there_are_no_users_but_public_posts_with_their_authors(author: Person, api: Api) -> None:
    write(author, published=True)
    query = "{ me { id } posts { title author { username createdAt email } } }"
    answer = send(api, query)
    post = {"title": "Hello, world", "author": {"username": "author", "createdAt": None, "email": None}}
    assert answer.json["data"] == {"me": None, "posts": [post]}
    assert sorted(codes(answer)) == [
        ("UNAUTHENTICATED", "me"),
        ("UNAUTHENTICATED", "posts.0.author.createdAt"),
        ("UNAUTHENTICATED", "posts.0.author.email"),
    ]
    assert codes(send(api, "query($id: ID!) { user(id: $id) { id } }", id=author.id)) == [("UNAUTHENTICATED", "user")]
    assert codes(send(api, "{ users { id } }")) == [("UNAUTHENTICATED", "users")]


def test_users_are_listed_and_searched_by_what_the_caller_may_see(admin: Person, viewer: Person) -> None:
    verified(viewer.user)
    viewer.refresh()
    for name in ("ada", "adam", "bob"):
        person(name)
    query = "query($l: Int, $o: Int, $s: String) { users(limit: $l, offset: $o, search: $s) { username } }"
    for reader in (admin, viewer):
        names = [user["username"] for user in reader.api.get("/v1/users?limit=100").data]
        assert len(names) == 5
        assert [user["username"] for user in data(reader.api, query, l=2, o=1)["users"]] == names[1:3]
        assert {user["username"] for user in data(reader.api, query, s="ad")["users"]} >= {"ada", "adam"}
    assert [user["username"] for user in data(admin.api, query, s="bob@exam")["users"]] == ["bob"]
    assert data(viewer.api, query, s="bob@exam")["users"] == []


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ("limit: 0", "limit"),
        ("limit: 101", "limit"),
        ("offset: -1", "offset"),
        ("offset: 9991", "offset"),
        ('offset: 1, search: "a"', "offset"),
        ('search: ""', "search"),
        ('search: "---"', "search"),
    ],
)
def test_arguments_are_validated_as_in_rest(admin: Person, arguments: str, field: str) -> None:
    (error,) = send(admin.api, f"{{ users({arguments}) {{ id }} }}").json["errors"]
    assert error["extensions"]["code"] == "VALIDATION_ERROR"
    assert [each["field"] for each in error["extensions"]["details"]] == [field]


def test_a_post_is_read_by_id_and_by_present_and_previous_slugs(author: Person, api: Api) -> None:
    post = write(author, published=True, tags=["news"], slug="old-slug")
    author.api.patch(f"/v1/posts/{post['id']}", {"slug": "new-slug"})
    rest = api.get(f"/v1/posts/{post['id']}").data
    for arguments in (f'id: "{post["id"]}"', f'id: "{post["id"].upper()}"', 'slug: "new-slug"', 'slug: "old-slug"'):
        assert snake(data(api, f"{{ post({arguments}) {{ {POST} }} }}")["post"]) == rest


@pytest.mark.parametrize("arguments", ["", '(id: "1", slug: "a")', '(id: "1")', f'(slug: "{"a" * 81}")', '(slug: "")'])
def test_a_post_has_one_valid_name(api: Api, arguments: str) -> None:
    answer = send(api, f"{{ post{arguments} {{ id }} }}")
    assert codes(answer) == [("VALIDATION_ERROR", "post")]


def test_drafts_and_private_posts_are_for_their_author_and_admins(
    author: Person, admin: Person, viewer: Person, api: Api
) -> None:
    draft, private = write(author), write(author, published=True, visibility="private")
    public = write(author, published=True)
    query = "query($id: ID) { post(id: $id) { content } }"
    listing = "query($p: Boolean, $a: ID) { posts(published: $p, authorId: $a) { id } }"
    for reader, sees in ((author.api, True), (admin.api, True), (viewer.api, False), (api, False)):
        assert data(reader, query, id=public["id"])["post"] == {"content": public["content"]}
        for post in (draft, private):
            answer = send(reader, query, id=post["id"])
            assert (answer.json["data"]["post"] is not None) is sees
            assert sees or codes(answer) == [("NOT_FOUND", "post")]
        for rest, variables in (
            ("", {}),
            ("?published=false", {"p": False}),
            ("?published=true", {"p": True}),
            (f"?author_id={author.id}", {"a": author.id}),
            (f"?author_id={author.id}&published=true", {"a": author.id, "p": True}),
        ):
            listed = [post["id"] for post in reader.get(f"/v1/posts{rest}").data]
            assert [post["id"] for post in data(reader, listing, **variables)["posts"]] == listed, rest
    assert len(data(author.api, listing, a=author.id)["posts"]) == 3


def test_posts_are_filtered_by_tag_and_paged_by_offset(author: Person, api: Api) -> None:
    titles = [
        write(author, title=f"Post {n}", tags=["Even" if n % 2 == 0 else "odd"], published=True) for n in range(5)
    ]
    newest = [post["title"] for post in titles][::-1]
    assert [post["title"] for post in data(api, "{ posts(limit: 2, offset: 1) { title } }")["posts"]] == newest[1:3]
    assert [post["title"] for post in data(api, '{ posts(tag: "EVEN") { title } }')["posts"]] == newest[::2]
    assert codes(send(api, '{ posts(tag: "a b") { title } }')) == [("VALIDATION_ERROR", "posts")]


def test_pages_follow_each_other_by_cursors(author: Person, api: Api) -> None:
    for n in range(5):
        write(author, title=f"Post {n}", published=True)
    query = "query($after: String) { postsPage(first: 2, after: $after) { nodes { title } nextCursor hasMore } }"
    found, after, more = [], None, True
    while more:
        page = data(api, query, after=after)["postsPage"]
        found += [post["title"] for post in page["nodes"]]
        after, more = page["nextCursor"], page["hasMore"]
    assert found == [f"Post {n}" for n in reversed(range(5))]
    assert after is None


def test_a_cursor_is_for_the_same_filters(author: Person, api: Api) -> None:
    for _ in range(2):
        write(author, published=True, tags=["news"])
    cursor = data(api, "{ postsPage(first: 1) { nextCursor } }")["postsPage"]["nextCursor"]
    (error,) = send(api, f'{{ postsPage(first: 1, tag: "news", after: "{cursor}") {{ hasMore }} }}').json["errors"]
    assert [each["field"] for each in error["extensions"]["details"]] == ["after"]


def test_a_search_finds_what_rest_finds(author: Person, api: Api) -> None:
    for title in ("About cats", "About dogs", "Cats and dogs"):
        update(write(author, title=title, published=True)["id"])
    query = (
        'query($after: String) { postsPage(search: "cats", first: 1, after: $after) { nodes { title } nextCursor } }'
    )
    first = data(api, query)["postsPage"]
    second = data(api, query, after=first["nextCursor"])["postsPage"]
    found = [node["title"] for page in (first, second) for node in page["nodes"]]
    assert found == [post["title"] for post in api.get("/v1/posts?search=cats").data]
    assert len(found) == 2


def test_an_api_key_has_no_more_than_its_scopes(author: Person) -> None:
    key = author.api.post("/v1/api-keys", {"name": "Reader", "scopes": ["read"]}).data["key"]
    body = {"query": 'mutation { createPost(input: {title: "A", content: "B"}) { id } }'}
    answer = Api().post("/graphql", body, headers={"X-API-Key": key})
    assert codes(answer) == [("FORBIDDEN", "createPost")]
    assert Api().post("/graphql", {"query": "{ me { email } }"}, headers={"X-API-Key": key}).json == {
        "data": {"me": {"email": "author@example.com"}}
    }


def test_a_key_that_may_not_read_is_told_so_of_its_owners_posts_only(author: Person, admin: Person) -> None:
    own, other = write(author), write(admin)
    key = author.api.post("/v1/api-keys", {"name": "Writer", "scopes": ["write"]}).data["key"]
    for post, code, status in ((own, "FORBIDDEN", 403), (other, "NOT_FOUND", 404)):
        body = {"query": "query($id: ID) { post(id: $id) { title } }", "variables": {"id": post["id"]}}
        assert codes(Api().post("/graphql", body, headers={"X-API-Key": key})) == [(code, "post")]
        assert Api().get(f"/v1/posts/{post['id']}", headers={"X-API-Key": key}).status == status
