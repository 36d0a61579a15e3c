"""A rendering shows what Markdown says, and nothing that harms who reads it, whatever its author tried."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.posts import markdown
from lamina.posts.markdown import render, sanitise
from tests.unit.posts.browser import assert_safe, nodes, text_of, written_tags

HOSTILE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("hostile.yaml").read_text(encoding="utf-8"))
LONGEST = 100_000
CPU_SECONDS = 5
"""Every source here takes about a second of processor time at most, on a shared machine."""
PIECES = [
    *HOSTILE["short"],
    *(
        "\n",
        "\n\n",
        " ",
        "    ",
        "> ",
        "- ",
        "1. ",
        "# ",
        "|",
        "|-|-|\n",
        "```\n",
        "***",
        "**",
        "*",
        "_",
        "~~",
        "`",
        "\\",
    ),
    *(
        "[",
        "![",
        "]",
        "](",
        "](https://a.example",
        ")",
        "<",
        ">",
        "<https://a.example>",
        "&",
        ";",
        "\t",
        "\0",
        '"',
        "'",
    ),
    *("https://a.example/b", "[a]: https://a.example 'b'\n", "[a]", "a", "é", "漢", "\U0001f600", "\ud83d", "\u202e"),
]

TORN = [
    *("<", ">", "/", "!--", "-->", " ", "'", '"', "&lt;", "a", "p", "br", "li", "em", "table", "td", "svg", "math"),
    *("style", "title", "script", "noscript", "mglyph", "href=", "onclick=", "align=left", "style=", "class=", "id="),
    *("javascript:", "https://a.example"),
]
"""Parts of HTML."""


def repeated(before: str, part: str, after: str) -> str:
    return before + part * ((LONGEST - len(before) - len(after)) // len(part)) + after


LONG = {name: repeated(*parts) for name, parts in HOSTILE["long"].items()}
WIDE_TABLE = "|" + "a|" * 256 + "\n|" + "-|" * 256 + "\n" + "a\n" * 256 + "\n"
LONG["tables with empty cells"] = WIDE_TABLE * 20
TITLE = "a very long title in many links"
LONG[TITLE] = repeated("[a]: https://b.example '" + "c" * 50_000 + "'\n\n", "[a]", "")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# A *b* **c** `d` ~~e~~", "<h1>A <em>b</em> <strong>c</strong> <code>d</code> <s>e</s></h1>\n"),
        ("> a\n\n---\n\nb  \nc", "<blockquote>\n<p>a</p>\n</blockquote>\n<hr>\n<p>b<br>\nc</p>\n"),
        ("- a\n- b\n\n3. c", '<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<ol start="3">\n<li>c</li>\n</ol>\n'),
        ("```python\na < b\n```", "<pre><code>a &lt; b\n</code></pre>\n"),
        (
            "|a|b|\n|:-:|-|\n|c|d|",
            (
                '<table>\n<thead>\n<tr>\n<th align="center">a</th>\n<th>b</th>\n</tr>\n</thead>\n'
                '<tbody>\n<tr>\n<td align="center">c</td>\n<td>d</td>\n</tr>\n</tbody>\n</table>\n'
            ),
        ),
        ("a <b>c</b>\n\n<div>d</div>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n<p>&lt;div&gt;d&lt;/div&gt;</p>\n"),
        ("", ""),
        ("\ud83d\ude00 \ud83d \ude00", "<p>\U0001f600 \ufffd \ufffd</p>\n"),
        ("a\0b\x07c\u202ed", "<p>a\ufffdbcd</p>\n"),
    ],
)
def test_markdown_is_rendered(source: str, expected: str) -> None:
    assert render(source) == expected


def links(source: str) -> list[tuple[str, str]]:
    """The address and the text of each link."""
    rendered = render(source)
    assert_safe(rendered)
    return [
        (str(node.attrs["href"]), "".join(str(inner.data) for inner in node.children)) for node in nodes(rendered)
        if node.name == "a" and node.attrs and node.children
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[a](https://b.example 'c')", [("https://b.example", "a")]),
        ("[a](HTTP://b.example) [c](mailto:d@e.example)", [("HTTP://b.example", "a"), ("mailto:d@e.example", "c")]),
        ("<https://a.example> <b@c.example>",
         [("https://a.example", "https://a.example"), ("mailto:b@c.example", "b@c.example")]),
        ("see https://a.example/b_c_d, ok", [("https://a.example/b_c_d", "https://a.example/b_c_d")]),
        ("(https://a.example/b_(c)).", [("https://a.example/b_(c)", "https://a.example/b_(c)")]),
        ("**https://a.example:8000/?b=c&d=e#f**", [("https://a.example:8000/?b=c&d=e#f",) * 2]),
        ("https://é.example/é", [("https://xn--9ca.example/%C3%A9", "https://é.example/é")]),
        ("xhttps://a.example http://localhost ftp://a.example www.a.example `https://a.example`", []),
        ("[https://a.example/b](https://c.example)", [("https://c.example", "https://a.example/b")]),
        ("[a](/b) [c](//d.example) [e](#f) [g](https:h)", []),
        ("![a *b*](https://c.example/d.png)", [("https://c.example/d.png", "a b")]),
        ("![](https://c.example/d.png)", [("https://c.example/d.png", "https://c.example/d.png")]),
        ("[b ![a](https://c.example/d.png)](https://e.example)", [("https://e.example", "b a")]),
    ],
)  # fmt: skip
def test_addresses_are_linked(source: str, expected: list[tuple[str, str]]) -> None:
    assert links(source) == expected


def test_a_very_long_address_is_not_linked() -> None:
    assert links(f"[a](https://b.example/{'c' * 2_000}) https://b.example/{'c' * 2_000}") == []
    assert len(links(f"[a](https://b.example/{'é' * 1_900}) https://b.example/{'é' * 1_900}")) == 2


@pytest.mark.parametrize("host", ["a:b", "a:99999", "%", "[a", "1.2.3.999"])
def test_an_address_that_browsers_cannot_read_is_text(host: str) -> None:
    assert render(f"[a](https://{host})") == '<p><a rel="nofollow noopener ugc">a</a></p>\n'


@pytest.mark.parametrize("source", HOSTILE["short"], ids=json.dumps)
def test_a_hostile_source_is_harmless(source: str) -> None:
    rendered = render(source)
    assert_safe(rendered)
    assert sanitise(rendered) == rendered


@pytest.mark.exhaustive
@pytest.mark.parametrize("source", LONG.values(), ids=LONG.keys())
def test_a_long_hostile_source_is_rendered_in_time(source: str) -> None:
    started = time.process_time()
    rendered = render(source)
    assert time.process_time() - started < CPU_SECONDS
    assert 0 < len(rendered) <= markdown.MAX_HTML
    assert len(written_tags(rendered)) < markdown.MAX_BLOCK_TOKENS


@pytest.mark.parametrize(
    "source",
    [">" * 20 + " a", "- " * 11 + "a", "*" * 50 + "a" + "*" * 50, WIDE_TABLE * 3, "[a\n" * 30_000, LONG[TITLE]],
    ids=["quotes", "lists", "emphasis", "cells", "steps", "size"],
)
def test_a_source_beyond_a_limit_is_shown_as_it_is(source: str) -> None:
    rendered = render(source)
    assert [name for name, _ in written_tags(rendered)] == ["pre"]
    assert text_of(rendered) == source + "\n"


def test_nothing_of_a_source_within_the_limits_is_lost() -> None:
    source = ">" * 19 + " a **b** " + "[" * 40 + "c" + "](https://d.example)" * 40
    assert text_of(render(source)).strip() == "a b " + "[" * 39 + "c" + "](https://d.example)" * 39


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@settings(max_examples=400, deadline=None)
def test_no_combination_of_markup_is_harmful(source: str) -> None:
    rendered = render(source)
    assert_safe(rendered)
    assert sanitise(rendered) == rendered


@given(st.text(st.characters(exclude_categories=()), max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_text_is_harmful(source: str) -> None:
    rendered = render(source)
    assert_safe(rendered)
    assert sanitise(rendered) == rendered


@given(st.lists(st.sampled_from(TORN), max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_the_sanitiser_does_not_depend_on_the_renderer(untrusted: str) -> None:
    cleaned = sanitise(untrusted)
    for name, attributes in written_tags(cleaned):
        assert name in markdown.TAGS
        assert not {name for name in attributes if name.startswith("on")}
        assert attributes.get("href", "https:").startswith("https:")
    assert sanitise(cleaned) == cleaned
