"""Plain text is what a rendering shows; an excerpt is its beginning."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.posts.markdown import render
from lamina.posts.text import MAX_EXCERPT, excerpt, plain_text
from tests.unit.posts.browser import text_of
from tests.unit.posts.test_markdown import HOSTILE, LONG, PIECES

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
GERMANY = "\U0001f1e9\U0001f1ea"
THUMB = "\U0001f44d\U0001f3fd"


def shown(rendered: str) -> str:
    return "".join(text_of(rendered).split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# A *b*\n\nc **d**e", "A b\nc de"),
        ("a  \nb", "a\nb"),
        ("- a\n- b\n\n> c", "a\nb\nc"),
        ("|a|b|\n|-|-|\n|c|d|", "a\nb\nc\nd"),
        ("[a](https://b.example 'c > \"d\" <e>')![f](https://g.example)", "af"),
        ("`<b>` &lt;i&gt; &amp;amp; <u>", "<b> <i> &amp; <u>"),
        ("a\n\n***\n\n\n\nb &nbsp; c", "a\nb c"),
        ("", ""),
    ],
)
def test_plain_text_has_a_line_for_each_block(source: str, expected: str) -> None:
    assert plain_text(render(source)) == expected


@pytest.mark.parametrize("source", [*HOSTILE["short"], LONG["entities"], LONG["links"], LONG["deep emphasis"]])
def test_plain_text_is_the_text_that_browsers_show(source: str) -> None:
    rendered = render(source)
    assert "".join(plain_text(rendered).split()) == shown(rendered)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@settings(max_examples=200, deadline=None)
def test_plain_text_of_any_markup_is_the_text_that_browsers_show(source: str) -> None:
    rendered = render(source)
    assert "".join(plain_text(rendered).split()) == shown(rendered)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a\n  b\tc ", "a b c"),
        ("a" * 300, "a" * 300),
        ("a" * 301, "a" * 299 + "…"),
        ("word " * 100, "word " * 58 + "word word…"),
        ("a" * 250 + " " + "b" * 100, "a" * 250 + "…"),
        ("a" * 50 + " " + "b" * 300, "a" * 50 + " " + "b" * 248 + "…"),
        ("漢" * 400, "漢" * 299 + "…"),
        ("a" * 298 + "e\u0301\u0323" * 9, "a" * 298 + "…"),
        ("a" * 297 + FAMILY * 9, "a" * 297 + "…"),
        ("a" * 298 + THUMB * 9, "a" * 298 + "…"),
        ("a" * 298 + GERMANY * 9, "a" * 298 + "…"),
        ("a" * 297 + GERMANY * 9, "a" * 297 + GERMANY + "…"),
        ("e" + "\u0301" * 400, "e" + "\u0301" * 298 + "…"),
        ("\u202ea\u2066b\u2069\u202c", "ab"),
    ],
)
def test_an_excerpt_ends_at_a_word_or_between_two_characters(text: str, expected: str) -> None:
    assert excerpt(text) == expected


@given(
    st.lists(st.sampled_from(["a", "b ", " ", "\n", "é", "e\u0301", FAMILY, THUMB, GERMANY, "漢", "𝒜"]), max_size=500)
)
@settings(max_examples=200, deadline=None)
def test_an_excerpt_is_the_beginning_of_the_text(pieces: list[str]) -> None:
    line = " ".join("".join(pieces).split())
    short = excerpt("".join(pieces))
    assert len(short) <= MAX_EXCERPT
    if short != line:
        begun = short.removesuffix("…")
        assert short.endswith("…")
        assert line.startswith(begun)
        rest = line[len(begun) :]
        assert unicodedata.category(rest[0])[0] != "M"
        assert rest[0] != "\u200d"
        assert begun[-1] not in {" ", "\u200d"}
