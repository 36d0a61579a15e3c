"""Lists through the front, over the users that `make seed` makes."""

from urllib.parse import quote

import pytest

from tests.e2e.client import Answer, Client
from tests.e2e.conftest import SEED_PASSWORD, register

pytestmark = pytest.mark.xdist_group("stack")


def names(answer: Answer) -> list[str]:
    return [user["username"] for user in answer.data]


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "email", "-email", "username", "-username"])
def test_a_list_is_walked_to_its_end_and_back_in_order_each_user_once(admin: Client, sort: str) -> None:
    pages = [admin.get(f"/v1/users?sort={sort}&limit=7&role=viewer")]
    while "next" in pages[-1].links:
        pages.append(admin.follow(pages[-1], "next"))
    users = [user for page in pages for user in page.data]
    field = sort.lstrip("-")
    assert [user["id"] for user in users] == [
        user["id"] for user in sorted(users, key=lambda user: user[field], reverse=sort.startswith("-"))
    ]
    assert len({user["id"] for user in users}) == len(users) >= 20
    back = [pages[-1]]
    while "prev" in back[-1].links:
        back.append(admin.follow(back[-1], "prev"))
    assert [names(page) for page in back] == [names(page) for page in reversed(pages)]


def test_pages_by_number_hold_the_same_as_pages_by_cursor(admin: Client) -> None:
    first = admin.get("/v1/users?sort=username&limit=5&status=active")
    second = admin.follow(first, "next")
    assert names(admin.get("/v1/users?sort=username&limit=5&status=active&page=2")) == names(second)
    assert names(admin.get("/v1/users?sort=username&limit=5&status=active&page=1")) == names(first)


def test_who_registers_meanwhile_shifts_no_page(anyone: Client, admin: Client) -> None:
    first = admin.get("/v1/users?limit=5")
    expected = names(admin.follow(first, "next"))
    register(anyone)
    assert names(admin.follow(first, "next")) == expected


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("zoe", "zoe.muller"),
        ("MÜL", "zoe.muller"),
        ("muller zo", "zoe.muller"),
        ("garc", "jose.garcia"),
        ("jose.g", "jose.garcia"),
        ("seren", None),
        ("佐藤", "haruto.sato"),
        ("김민", "minjun.kim"),
        ("шевч", "taras.s"),
        ("παπα", "dimitra.p"),
        ("fred", None),
    ],
)
def test_search_finds_the_start_of_any_word_whatever_case_and_accent(
    admin: Client, search: str, found: str | None
) -> None:
    usernames = names(admin.get(f"/v1/users?search={quote(search)}"))
    assert (found in usernames) if found else not usernames


def test_filters_hold_for_everybody_on_the_page(admin: Client) -> None:
    answer = admin.get("/v1/users?role=editor&status=active&limit=100")
    assert answer.data
    assert {(user["role"], user["status"]) for user in answer.data} == {("editor", "active")}


def test_others_than_admins_see_public_profiles_and_cannot_ask_by_what_is_hidden(anyone: Client, seeded: str) -> None:
    assert "viewer@lamina.test" in seeded
    viewer = anyone.signed_in("viewer@lamina.test", SEED_PASSWORD)
    me = viewer.get("/v1/users/me").data
    for user in viewer.get("/v1/users?limit=50").data:
        public = {"id", "username", "name", "avatar_url", "created_at"}
        assert set(user) == public if user["id"] != me["id"] else set(user) > public
    for query in ("role=admin", "status=suspended", "sort=email", "sort=-email", "deleted=true"):
        assert viewer.get(f"/v1/users?{query}").status == 403
    assert names(viewer.get("/v1/users?search=admin@lamina.test")) == []
    assert "zoe.muller" in names(viewer.get("/v1/users?search=zoe"))
