"""Cursors: signed, bound to their query, and opened by nobody else's key."""

import base64
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lamina.errors import Invalid
from lamina.search_terms import MAX_WORD
from lamina.storage.cursors import MAX_CHARACTERS, Cursor, CursorSigner

signer = CursorSigner(b"k" * 32)
text = st.text(st.characters(exclude_categories=["Cs"]))
cursors = st.builds(Cursor, text, st.booleans())
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(cursors, text)
def test_a_cursor_opens_for_the_query_that_made_it(cursor: Cursor, query: str) -> None:
    assume(len(signer.sign(cursor, query)) <= MAX_CHARACTERS)
    assert signer.verify(signer.sign(cursor, query), query) == cursor


@given(cursors, text, text)
def test_a_cursor_cannot_be_moved_to_another_query(cursor: Cursor, query: str, other: str) -> None:
    assume(query != other)
    with pytest.raises(Invalid) as refused:
        signer.verify(signer.sign(cursor, query), other)
    assert [problem.field for problem in refused.value.details] == ["cursor"]


@given(cursors, text, st.data())
def test_a_cursor_with_any_character_changed_is_refused(cursor: Cursor, query: str, data: st.DataObject) -> None:
    signed = signer.sign(cursor, query)
    place = data.draw(st.integers(0, len(signed) - 1))
    other = data.draw(st.sampled_from(ALPHABET).filter(lambda char: char != signed[place]))
    with pytest.raises(Invalid):
        signer.verify(signed[:place] + other + signed[place + 1 :], query)


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="))))
def test_nobody_makes_up_a_cursor(made_up: str) -> None:
    with pytest.raises(Invalid):
        signer.verify(made_up, "/v1/users?sort=email")


@given(cursors, text)
def test_a_cursor_of_another_key_is_refused(cursor: Cursor, query: str) -> None:
    with pytest.raises(Invalid):
        signer.verify(CursorSigner(b"j" * 32).sign(cursor, query), query)


def test_bytes_do_not_pass_from_the_position_to_the_query() -> None:
    queries = ["a", "ab", "abc", ""]
    signed = {signer.sign(Cursor("abc"[: 3 - len(query)]), query) for query in queries}
    assert len(signed) == len(queries)


def test_padding_and_the_other_alphabet_of_base64_are_refused() -> None:
    signed = signer.sign(Cursor("ÿ>?" * 9), "query")
    assert {"-", "_"} & set(signed)
    for other in (signed + "=", signed.replace("-", "+").replace("_", "/"), f" {signed}", signed + "\n"):
        with pytest.raises(Invalid):
            signer.verify(other, "query")


@pytest.mark.parametrize("char", ["a", "é", "語", "𝒜", '"', "\\"])
def test_the_longest_position_of_any_list_fits_into_a_cursor(char: str) -> None:
    identifier = "0190c6c0-0000-7000-8000-000000000001"
    for sorted_by in (char * MAX_WORD, "a" * 254):
        cursor = Cursor(f"{sorted_by}#{identifier}", backwards=True)
        assert signer.verify(signer.sign(cursor, "query"), "query") == cursor


def test_cursors_of_neighbours_have_nothing_in_common_to_guess_from() -> None:
    signed = [signer.sign(Cursor(f"2026-01-01T00:00:00.00000{number}Z"), "query")[:20] for number in range(9)]
    assert all(one != other for one, other in pairwise(signed))
