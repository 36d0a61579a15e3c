"""Lists over the API: cursors that only we can make, pages by number, and what may be asked."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from botocore.exceptions import ClientError

from lamina.access.policy import Role
from lamina.http.listing import ListRequest, PageRequest
from lamina.storage import list_cursors
from lamina.storage.cursors import Cursor
from lamina.storage.pages import MAX_OFFSET
from tests.support.aws import Answer, Api, make_user, signed_in
from tests.support.people import verified

USERS = "/v1/users"


@pytest.fixture
def admin(aws: None) -> Api:  # noqa: ARG001 (the table must be there)
    api, _ = signed_in("admin", Role.ADMIN)
    for number in range(4):
        make_user(f"user{number}")
    return api


def follow(api: Api, answer: Answer, relation: str) -> Answer:
    return api.get(answer.json["links"][relation].removeprefix("/live"))


def usernames(answer: Answer) -> list[str]:
    return [user["username"] for user in answer.data]


def test_a_list_is_walked_by_its_links_there_and_back(admin: Api) -> None:
    first = admin.get(f"{USERS}?limit=2&sort=username")
    second = follow(admin, first, "next")
    third = follow(admin, second, "next")
    assert [usernames(page) for page in (first, second, third)] == [["admin", "user0"], ["user1", "user2"], ["user3"]]
    assert usernames(follow(admin, third, "prev")) == usernames(second)
    assert usernames(follow(admin, follow(admin, third, "prev"), "prev")) == usernames(first)
    assert usernames(follow(admin, third, "first")) == usernames(first)
    assert usernames(follow(admin, second, "self")) == usernames(second)


def test_links_lead_somewhere_or_are_not_there(admin: Api) -> None:
    first = admin.get(f"{USERS}?limit=4&sort=username")
    last = follow(admin, first, "next")
    whole = admin.get(USERS)
    assert set(first.json["links"]) == {"self", "first", "next"}
    assert set(last.json["links"]) == {"self", "first", "prev"}
    assert set(whole.json["links"]) == {"self", "first"}


def test_the_next_cursor_is_there_exactly_when_there_is_more(admin: Api) -> None:
    first = admin.get(f"{USERS}?limit=4")
    last = admin.get(f"{USERS}?limit=4&cursor={first.json['meta']['next_cursor']}")
    assert (first.json["meta"]["has_more"], last.json["meta"]["has_more"]) == (True, False)
    assert last.json["meta"]["next_cursor"] is None
    assert len(last.data) == 1


def test_meta_tells_of_pages_only_who_asks_by_page(admin: Api) -> None:
    assert set(admin.get(USERS).json["meta"]) == {"limit", "total", "has_more", "next_cursor"}
    by_page = admin.get(f"{USERS}?page=2&limit=2")
    assert (by_page.json["meta"]["page"], by_page.json["meta"]["limit"]) == (2, 2)
    assert "pages" in by_page.json["meta"]
    links = {name: parse_qs(urlsplit(link).query) for name, link in by_page.json["links"].items()}
    assert {name: query["page"] for name, query in links.items()} == {
        "self": ["2"],
        "first": ["1"],
        "prev": ["1"],
        "next": ["3"],
    }


@pytest.mark.parametrize("query", ["page=10001", "page=101&limit=100", "page=999999999999999999999", "page=501"])
def test_a_page_past_ten_thousand_items_is_refused_and_points_to_the_cursor(admin: Api, query: str) -> None:
    answer = admin.get(f"{USERS}?{query}")
    assert answer.status == 400
    assert answer.error["details"][0]["field"] == "page"
    assert "cursor" in answer.error["details"][0]["message"]


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=1&cursor=x"])
def test_a_page_that_is_none_is_refused(admin: Api, query: str) -> None:
    answer = admin.get(f"{USERS}?{query}")
    assert (answer.status, answer.error["details"][0]["field"]) == (400, "page")


def test_a_sort_that_no_index_serves_is_refused_and_the_others_are_named(admin: Api) -> None:
    (detail,) = admin.get(f"{USERS}?sort=age").error["details"]
    assert detail["field"] == "sort"
    for allowed in ("created_at", "-created_at", "email", "username"):
        assert f"'{allowed}'" in detail["message"]


def test_a_cursor_with_any_character_changed_is_refused(admin: Api) -> None:
    cursor = admin.get(f"{USERS}?limit=2").json["meta"]["next_cursor"]
    for place, character in enumerate(cursor):
        forged = cursor[:place] + ("A" if character != "A" else "B") + cursor[place + 1 :]
        answer = admin.get(f"{USERS}?limit=2&cursor={forged}")
        assert (answer.status, answer.error["details"][0]["field"]) == (400, "cursor"), forged


@pytest.mark.parametrize(
    "forge",
    [
        lambda cursor: cursor[:-1],
        lambda cursor: cursor[1:],
        lambda cursor: cursor[: len(cursor) // 2],
        lambda cursor: cursor + "A",
        lambda cursor: cursor + "=",
        lambda cursor: cursor + "====",
        lambda cursor: cursor * 2,
        lambda cursor: cursor.swapcase(),
        lambda cursor: f" {cursor}",
        lambda _: "",
        lambda _: "x",
        lambda _: "A" * 22,
        lambda _: "A" * 5000,
        lambda _: "ключ",
        lambda _: "🦊",
        lambda _: "eyJwb3NpdGlvbiI6MH0",
        lambda _: "null",
    ],
)
def test_a_forged_cursor_is_refused(admin: Api, forge) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 (a lambda)
    cursor = admin.get(f"{USERS}?limit=2").json["meta"]["next_cursor"]
    answer = admin.get(f"{USERS}?limit=2&cursor={quote(forge(cursor))}")
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert answer.error["details"][0]["field"] == "cursor"


@pytest.mark.parametrize("query", ["sort=username", "sort=created_at", "role=viewer", "status=active", "search=user"])
def test_a_cursor_opens_no_other_query(admin: Api, query: str) -> None:
    cursor = admin.get(f"{USERS}?limit=2").json["meta"]["next_cursor"]
    assert admin.get(f"{USERS}?limit=2&{query}&cursor={cursor}").error["details"][0]["field"] == "cursor"


def test_a_cursor_of_an_admin_opens_nothing_for_others(admin: Api) -> None:
    viewer, user = signed_in("viewer")
    verified(user)
    cursor = admin.get(f"{USERS}?limit=2").json["meta"]["next_cursor"]
    assert viewer.get(f"{USERS}?limit=2&cursor={cursor}").error["details"][0]["field"] == "cursor"


def test_a_cursor_goes_on_with_another_limit(admin: Api) -> None:
    cursor = admin.get(f"{USERS}?limit=2").json["meta"]["next_cursor"]
    assert len(admin.get(f"{USERS}?limit=100&cursor={cursor}").data) == 3


@pytest.mark.usefixtures("aws")
def test_the_last_page_that_a_number_reaches_goes_on_by_cursor() -> None:
    last = PageRequest(limit=100, cursor=None, page=MAX_OFFSET // 100)
    request = ListRequest(USERS, {"sort": "-created_at"}, "private")
    links = request.links(last, first="a", last="b", has_more=True, has_previous=True)
    assert parse_qs(urlsplit(links["prev"]).query)["page"] == ["99"]
    (further,) = parse_qs(urlsplit(links["next"]).query)["cursor"]
    assert request.position(100, further, None).cursor == Cursor("b")


def test_a_list_without_its_secret_is_503_and_works_again(admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: str) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GetSecretValue")

    list_cursors._secrets.clear_cache()  # type: ignore[no-untyped-call]  # Powertools leaves it so
    with monkeypatch.context() as patch:
        patch.setattr(list_cursors._secrets.client, "get_secret_value", refuse)
        assert admin.get(f"{USERS}?limit=2").status == 503
    assert admin.get(f"{USERS}?limit=2").status == 200


def test_the_secret_is_read_once(admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert admin.get(f"{USERS}?limit=2").status == 200
    monkeypatch.setattr(list_cursors._secrets, "client", None)
    assert admin.get(f"{USERS}?limit=2").status == 200
