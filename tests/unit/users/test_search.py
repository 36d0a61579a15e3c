"""Searching users, compared with looking at every user."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.access.policy import Role
from lamina.search_terms import terms
from lamina.storage.cursors import Cursor
from lamina.storage.pages import Page
from lamina.storage.word_search import MORE_ROUNDS, ROUND
from lamina.users import repository
from lamina.users.items import search_items
from lamina.users.listing import list_users
from lamina.users.model import Status, User
from lamina.users.queries import UserQuery
from lamina.users.search_terms import email_words, public_words
from tests.unit.storage.fake_table import FakePartitions

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=120)

# Few letters, so that words often begin one another and lists often share them.
syllables = st.sampled_from(["a", "an", "Ann", "Änn", "b", "bo", "Bob", "ß", "é", "中", "𝒜", "-", "o'b", "ann-bo"])
names = st.lists(syllables, min_size=1, max_size=6).map(" ".join)
usernames = st.lists(st.sampled_from(["a", "an", "ann", "bo", ".", "_", "-"]), min_size=1, max_size=6).map("".join)
queries = st.lists(
    st.sampled_from(["a", "an", "A", "ann", "b", "bo", "ann-b", "c", "com", "中", "ss"]), min_size=1, max_size=2
)
people = st.lists(st.tuples(names, usernames, usernames, st.sampled_from(Role), st.sampled_from(Status)), max_size=30)
type Person = tuple[str, str, str, Role, Status]


def user(number: int, name: str, username: str, email: str, role: Role, status: Status) -> User:
    return User(
        id=f"0190c6c0-0000-7000-8000-{number:012}",
        email=f"{email}@x.com",
        username=username,
        name=name,
        role=role,
        status=status,
        created_at="",
        updated_at="",
    )


type Fill = Callable[[Sequence[User]], None]


@pytest.fixture
def fill(fake_table: FakePartitions, monkeypatch: pytest.MonkeyPatch) -> Fill:
    """Puts users into the table, in place of those before."""
    stored: dict[str, User] = {}
    monkeypatch.setattr(repository, "get_many", lambda ids: {each: stored[each] for each in set(ids) if each in stored})

    def put(users: Sequence[User]) -> None:
        stored.clear()
        fake_table.rows.clear()
        for each in users:
            stored[each.id] = each
            for partition, position in search_items(each):
                fake_table.rows[partition].add(position)

    return put


def naive(users: Sequence[User], query: UserQuery) -> list[User]:
    """Look at every user; in the order of the word that the longest term finds first."""
    found = []
    for each in users:
        words = public_words(each) + (email_words(each) if query.private else [])
        wanted = terms(query.search)
        if query.includes(each) and all(any(word.startswith(term) for word in words) for term in wanted):
            found.append((min(word for word in words if word.startswith(wanted[0])), each.id, each))
    return [each for _, _, each in sorted(found, key=lambda entry: entry[:2])]


def pages_of(query: UserQuery, limit: int) -> list[Page[User]]:
    pages = [list_users(query, limit)]
    while pages[-1].has_more:
        pages.append(list_users(query, limit, cursor=Cursor(pages[-1].last)))
    return pages


@SHARED
@given(people, queries, st.integers(1, 5), st.booleans(), st.sampled_from(["", *Role]), st.sampled_from(["", *Status]))
def test_a_search_finds_whom_a_look_at_everybody_finds_each_once_and_in_order(
    fill: Fill, chosen: list[Person], words: list[str], limit: int, private: bool, role: str, status: str
) -> None:
    users = [user(number, *person) for number, person in enumerate(chosen)]
    fill(users)
    query = UserQuery(search=" ".join(words), private=private, role=role, status=status)
    pages = pages_of(query, limit)
    assert [each for page in pages for each in page.items] == naive(users, query)
    assert all(len(page.items) == limit for page in pages[:-1])


@SHARED
@given(people, queries, st.integers(1, 5), st.booleans())
def test_backwards_lies_exactly_the_page_before(
    fill: Fill, chosen: list[Person], words: list[str], limit: int, private: bool
) -> None:
    fill([user(number, *person) for number, person in enumerate(chosen)])
    query = UserQuery(search=" ".join(words), private=private)
    pages = pages_of(query, limit)
    for number in range(len(pages) - 1, 0, -1):
        assert pages[number].has_previous
        back = list_users(query, limit, cursor=Cursor(pages[number].first, backwards=True))
        assert back.items == pages[number - 1].items
        assert back.has_more
        assert back.has_previous == (number > 1)
        again = list_users(query, limit, cursor=Cursor(back.last))
        assert again.items == pages[number].items


def crowd(length: int) -> list[User]:
    return [user(number, "Ann", f"ann{number}", "x", Role.VIEWER, Status.ACTIVE) for number in range(length)]


def test_a_page_of_a_common_word_costs_two_calls_a_shard_at_the_most(fill: Fill, fake_table: FakePartitions) -> None:
    fill(crowd(3000))
    page = list_users(UserQuery(search="ann", private=False), 20)
    assert len(page.items) == 20
    assert fake_table.calls <= 8
    assert fake_table.read < 500


def test_the_work_of_one_request_is_bounded_and_the_next_goes_on(fill: Fill, fake_table: FakePartitions) -> None:
    crowded = crowd(3000)
    crowded[2500] = user(2500, "Ann Zebra", "ann2500", "x", Role.VIEWER, Status.ACTIVE)
    fill(crowded)
    query = UserQuery(search="ann zebra", private=False)
    rare = UserQuery(search="ann", role=Role.ADMIN, private=True)
    assert [each.id for each in list_users(query, 20).items] == [crowded[2500].id]
    page = list_users(rare, 1)
    assert (page.items, page.has_more) == ([], True)
    looked_at = 2 + ROUND * MORE_ROUNDS
    assert fake_table.read < 8 * (looked_at + 2 * 5) + 500
    pages = pages_of(rare, 100)
    assert not any(page.items for page in pages)
    assert len(pages) <= 2 * 3000 // looked_at + 1


def test_an_empty_page_far_inside_leads_back_too(fill: Fill) -> None:
    fill(crowd(1500))
    rare = UserQuery(search="ann", role=Role.ADMIN, private=True)
    second = list_users(rare, 20, cursor=Cursor(list_users(rare, 20).last))
    back = list_users(rare, 20, cursor=Cursor(second.first, backwards=True))
    assert (back.items, back.has_more) == ([], True)
    assert back.first < second.first


def test_an_address_is_found_as_a_whole_at_once(fill: Fill, fake_table: FakePartitions) -> None:
    fill([user(number, "Ann", f"a{number}", f"ann.{number}", Role.VIEWER, Status.ACTIVE) for number in range(500)])
    fake_table.read = 0
    page = list_users(UserQuery(search="ann.77@x.com", private=True), 20)
    assert [each.email for each in page.items] == ["ann.77@x.com"]
    assert fake_table.read < 5


def test_addresses_are_no_way_to_find_somebody_for_those_who_do_not_see_them(fill: Fill) -> None:
    fill([user(1, "Bob", "bob", "secret", Role.ADMIN, Status.ACTIVE)])
    assert list_users(UserQuery(search="secret", private=False), 20).items == []
    assert len(list_users(UserQuery(search="secret", private=True), 20).items) == 1


def test_an_entry_whose_user_has_changed_finds_nobody(fill: Fill, fake_table: FakePartitions) -> None:
    ann = user(1, "Ann", "ann", "ann", Role.VIEWER, Status.ACTIVE)
    fill([ann])
    for partition, position in search_items(user(1, "Bob", "bob", "bob", Role.VIEWER, Status.ACTIVE)):
        fake_table.rows[partition].add(position)
    assert list_users(UserQuery(search="bob", private=True), 20).items == []
