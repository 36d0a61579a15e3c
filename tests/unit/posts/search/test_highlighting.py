"""Fragments that show where a query matches."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.posts.search import tokenizer
from lamina.posts.search.highlighting import AROUND, FRAGMENTS, highlights
from lamina.posts.search.tokenizer import stem

texts = st.text(st.sampled_from("ab <>&\"'/mark東京é\n"), max_size=400)


@pytest.mark.parametrize(
    ("query", "title", "expected"),
    [
        ("publish", "Publishing & more", ["<mark>Publishing</mark> &amp; more"]),
        ("angstrom", "Ångström", ["<mark>Ångström</mark>"]),
        ("c++", "C++ <b>", ["<mark>C++</mark> &lt;b&gt;"]),
        ("publ", "A publication", ["A <mark>publication</mark>"]),
        ("publ x", "A publication", []),
        ("東京都", "新東京都庁", ["新<mark>東京都</mark>庁"]),
        ("京", "東京都", ["東<mark>京都</mark>"]),
        ("", "Title", []),
        ("mark", "<mark>mark</mark>", ["&lt;<mark>mark</mark>&gt;<mark>mark</mark>&lt;/<mark>mark</mark>&gt;"]),
    ],
)
def test_matches_are_marked_and_all_else_is_escaped(query: str, title: str, expected: list[str]) -> None:
    assert highlights(query, title, "").title == expected


def test_fragments_of_a_long_text_are_short_and_few() -> None:
    text = "\n".join(f"needle {'hay ' * 100}" for _ in range(10))
    found = highlights("needle", "", text).content
    assert len(found) == FRAGMENTS
    assert found[0].startswith("<mark>needle</mark> hay")
    assert all(len(fragment) < 2 * AROUND + 60 for fragment in found)
    assert found[1].startswith("… hay")
    assert found[1].endswith("hay …")


def test_matches_near_each_other_are_in_one_fragment() -> None:
    assert len(highlights("one two", "", "one and two").content) == 1


@given(texts, texts, st.text(st.sampled_from("ab <>&mark東京é"), max_size=20))
def test_nothing_but_marks_is_html_and_a_fragment_is_part_of_the_text(title: str, text: str, query: str) -> None:
    found = highlights(query, title, text)
    for fragment, whole in [*((each, title) for each in found.title), *((each, text) for each in found.content)]:
        plain = re.sub("</?mark>", "", fragment)
        assert not re.search("[<>\"']", plain)
        assert fragment.count("<mark>") == fragment.count("</mark>") > 0
        assert html.unescape(plain.removeprefix("… ").removesuffix(" …")) in whole


def test_only_words_that_may_match_are_stemmed(monkeypatch: pytest.MonkeyPatch) -> None:
    stemmed: list[str] = []

    def count(word: str) -> str:
        stemmed.append(word)
        return stem(word)

    text = "Zebras, " + " ".join(f"word{number}" for number in range(1_000))
    monkeypatch.setattr(tokenizer, "stem", count)
    assert highlights("zebra", "A title", text).content[0].startswith("<mark>Zebras</mark>")
    assert set(stemmed) <= {"zebra", "zebras"}
