"""Lists of some hundred users on every engine: sorts, filters, search, totals, both ways, by cursor and by number."""

from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from lamina.access.policy import Role
from lamina.search_terms import terms
from lamina.settings import settings
from lamina.users.model import Status, User
from lamina.users.search_terms import email_words, public_words
from tests.integration.engines import Engine
from tests.integration.population import store, users
from tests.support.aws import Answer, Api, make_user
from tests.support.aws import signed_in as sign_in

NUMBER = 240


@pytest.fixture(scope="module")
def population() -> list[User]:
    """The users of the lists."""
    return users(NUMBER)


@pytest.fixture
def admin(table: Engine, population: list[User]) -> Iterator[Api]:
    """Somebody who may see all of them, before a table that holds them; itself it is in no counter yet."""
    store(table.client(), population)
    client, itself = sign_in("the.admin", Role.ADMIN)
    population.append(itself)
    yield client
    population.remove(itself)


def live(population: list[User]) -> list[User]:
    return [user for user in population if user.deleted_at is None]


def ids_of(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [user["id"] for user in answer.data]


def follow(api: Api, target: str, relation: str) -> Iterator[Answer]:
    """All pages from one on, by their links."""
    answer = api.get(target)
    yield answer
    while relation in answer.json["links"]:
        answer = api.get(link_of(answer, relation))
        yield answer


SORTS: dict[str, Callable[[User], tuple[str, str]]] = {
    "created_at": lambda user: (user.created_at, user.id),
    "email": lambda user: (user.email, user.id),
    "username": lambda user: (user.username, user.id),
}
FILTERS: dict[str, Callable[[User], bool]] = {
    "": lambda _: True,
    "&role=editor": lambda user: user.role == Role.EDITOR,
    "&status=inactive": lambda user: user.status == Status.INACTIVE,
    "&role=viewer&status=active": lambda user: (user.role, user.status) == (Role.VIEWER, Status.ACTIVE),
}


def test_every_sort_and_filter_gives_each_user_once_in_order_and_back_again(admin: Api, population: list[User]) -> None:
    for sort, order in SORTS.items():
        for chosen, belongs in FILTERS.items():
            expected = [user.id for user in sorted(filter(belongs, live(population)), key=order)]
            for direction in ("", "-"):
                pages = list(follow(admin, f"/v1/users?limit=60&sort={direction}{sort}{chosen}", "next"))
                listed = [identifier for page in pages for identifier in ids_of(page)]
                assert listed == (expected[::-1] if direction else expected), (sort, chosen, direction)
                back = list(follow(admin, link_of(pages[-1], "self"), "prev"))
                assert [ids_of(page) for page in back] == [ids_of(page) for page in reversed(pages)]


def test_deleted_users_have_a_list_of_their_own(admin: Api, population: list[User]) -> None:
    gone = [user for user in population if user.deleted_at]
    pages = list(follow(admin, "/v1/users?deleted=true&limit=3", "next"))
    listed = [identifier for page in pages for identifier in ids_of(page)]
    assert listed == [user.id for user in sorted(gone, key=SORTS["created_at"], reverse=True)]
    assert pages[0].json["meta"]["total"] == len(gone) > 0


def test_totals_and_page_numbers_agree_with_the_list(admin: Api, population: list[User]) -> None:
    # The stream of this table has no reader, so the admin is not counted.
    counted = [user for user in live(population) if user.username != "the.admin"]
    for chosen, belongs in FILTERS.items():
        total = sum(map(belongs, counted))
        meta = admin.get(f"/v1/users?page=2&limit=50{chosen}").json["meta"]
        assert (meta["total"], meta["page"], meta["pages"]) == (total, 2, -(-total // 50))
    newest = [user.id for user in sorted(live(population), key=SORTS["created_at"], reverse=True)]
    for page in (1, 3, 5):
        answer = admin.get(f"/v1/users?page={page}&limit=50")
        assert ids_of(answer) == newest[(page - 1) * 50 : page * 50]
        assert answer.json["meta"]["has_more"] == (page * 50 < len(newest))


def test_a_search_finds_whom_a_look_at_everybody_finds(admin: Api, population: list[User]) -> None:
    for query in ("ann", "ä", "o'neill", "ann smith", "a.0000", "lukasz müller", "zz"):
        pages = list(follow(admin, f"/v1/users?search={quote(query)}&limit=25", "next"))
        listed = [identifier for page in pages for identifier in ids_of(page)]
        assert len(set(listed)) == len(listed)
        assert set(listed) == {user.id for user in live(population) if matches(user, query)}, query
        assert all(page.json["meta"]["total"] is None for page in pages)
        back = list(follow(admin, link_of(pages[-1], "self"), "prev"))
        assert [ids_of(page) for page in back] == [ids_of(page) for page in reversed(pages)]


def matches(user: User, query: str) -> bool:
    words = public_words(user) + email_words(user)
    return all(any(word.startswith(term) for word in words) for term in terms(query))


@pytest.mark.usefixtures("table")
def test_users_who_come_before_the_page_shift_nothing_behind_it() -> None:
    client, itself = sign_in("the.admin", Role.ADMIN)
    early = [make_user(f"early{number}") for number in range(4)]
    first = client.get("/v1/users?limit=2")
    assert ids_of(first) == [early[3].id, early[2].id]
    late = [make_user(f"late{number}") for number in range(3)]
    second = client.get(link_of(first, "next"))
    assert ids_of(second) == [early[1].id, early[0].id]
    assert ids_of(client.get(link_of(second, "next"))) == [itself.id]
    back = client.get(link_of(second, "prev"))
    assert ids_of(back) == ids_of(first)
    newest = client.get(link_of(back, "prev"))
    assert ids_of(newest) == [late[1].id, late[0].id]


def link_of(answer: Answer, relation: str) -> str:
    """A link as a path of the API."""
    link: str = answer.json["links"][relation]
    return link.removeprefix(settings().base_path)
