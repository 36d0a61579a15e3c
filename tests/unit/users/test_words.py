"""What a user can be found by."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.access.policy import Role
from lamina.search_terms import fold, terms
from lamina.storage.keys import list_position
from lamina.storage.transactions import MAX_ITEMS
from lamina.users.model import Status, User
from lamina.users.search_terms import MAX_EMAIL_WORDS, MAX_PUBLIC_WORDS, email_words, public_words

names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=100)


def user(name: str, username: str = "zz", email: str = "zz@zz.zz") -> User:
    return User(
        id="0190c6c0-0000-7000-8000-000000000001",
        email=email,
        username=username,
        name=name,
        role=Role.VIEWER,
        status=Status.ACTIVE,
        created_at="",
        updated_at="",
    )


def found_by(name: str, query: str) -> bool:
    words = public_words(user(name))
    return all(any(word.startswith(term) for word in words) for term in terms(query))


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Zoë Smith", "zoe"),
        ("Zoë Smith", "SMI zo"),
        ("Zoë Smith", "s"),
        ("Łukasz Ångström", "lukasz angstrom"),
        ("Straße", "STRASSE"),
        ("Straße", "straße"),
        ("Søren Kierkegård", "soren kierkegard"),
        ("Ann-Marie O’Brien", "ann-marie"),
        ("Ann-Marie O’Brien", "marie"),
        ("Ann-Marie O’Brien", "o'brien"),
        ("Ann-Marie O’Brien", "brien"),
        ("İstanbul", "istanbul"),
        ("हिन्दी नाम", "हिन्दी"),
        ("ﬁnn ２０２６", "finn 2026"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("김철수", "김철"),
        ("soft\u00adhyphen", "softhyphen"),
        ("Ann", "  ann  "),
    ],
)
def test_case_accents_and_punctuation_do_not_matter(name: str, query: str) -> None:
    assert found_by(name, query)


@pytest.mark.parametrize(
    ("name", "query"), [("Zoë Smith", "mith"), ("Zoë Smith", "zoe jones"), ("Ann-Marie", "marie-ann"), ("Ann", "anna")]
)
def test_only_starts_of_words_match_and_every_term_must(name: str, query: str) -> None:
    assert not found_by(name, query)


def test_an_address_is_found_by_any_of_its_words_and_as_a_whole() -> None:
    words = email_words(user("x", email="zoe.smith+news@mail.example.com"))
    for query in ("zoe", "smith", "news@", "zoe.smith+news@mail.example.com", "mail.example", "@example.com"):
        assert any(word.startswith(terms(query)[0]) for word in words), query


@pytest.mark.parametrize(
    ("email", "words"),
    [("ann@example.com", ["ann-example-com", "example-com"]), ("com@com.example", ["com-com-example", "com-example"])],
)
def test_a_top_level_domain_takes_no_entry(email: str, words: list[str]) -> None:
    assert email_words(user("x", email=email)) == words


def test_words_that_only_begin_another_take_no_entry() -> None:
    assert public_words(user("Ann Anna Annabel", "ann")) == ["annabel"]


def test_terms_come_longest_first_and_once() -> None:
    assert terms("a Ann - a ANNA .") == ["anna", "ann", "a"]
    assert terms("!? - 🦊") == []


@given(names)
def test_folding_is_done_after_once(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@given(names)
def test_folding_takes_all_forms_of_a_name_for_the_same(name: str) -> None:
    forms = {fold(unicodedata.normalize(form, name)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert forms == {fold(name)}


@given(names)
def test_whoever_types_a_whole_word_of_a_name_finds_it(name: str) -> None:
    first_words = name.split()[: MAX_PUBLIC_WORDS // 2]
    assert all(found_by(name, word) for word in first_words if len(terms(word)) == 1 and "-" not in terms(word)[0])


@given(names, st.from_regex(r"[a-z0-9_.-]{3,30}", fullmatch=True))
def test_words_fit_into_keys_and_a_change_of_all_into_a_transaction(name: str, username: str) -> None:
    words = public_words(user(name, username))
    assert len(words) <= MAX_PUBLIC_WORDS
    assert all(len(list_position(word, "0" * 36).encode()) <= 1024 for word in words)
    user_event_and_four_guards = 6
    assert 2 * (MAX_PUBLIC_WORDS + MAX_EMAIL_WORDS) + user_event_and_four_guards <= MAX_ITEMS
