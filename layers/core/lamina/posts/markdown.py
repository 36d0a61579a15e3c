"""Renders Markdown to HTML that is safe to show on any page.

The dialect is CommonMark with tables, strikethrough and autolinks of bare addresses (GitHub Flavored Markdown 4.10, 6.5
and 6.9). HTML in the source is shown as text, images become links, and links are absolute.

Two independent steps make the result safe: the renderer escapes all text, and a sanitiser that does not trust it parses
the HTML as browsers do and keeps only what is on a list. See ``docs/decisions/markdown.md``.

Only functions with ``ContentLayer`` can import this module.
"""

import html
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline

MAX_NESTING = 20
"""Levels of quotes and lists (a list counts twice), and of emphasis and links within a paragraph."""
MAX_STEPS = 50_000
"""Pieces of text and markup within paragraphs. Dense documents have up to 25,000 in 100,000 characters."""
MAX_BLOCK_TOKENS = 100_000
"""Starts and ends of blocks. Rows of a table are filled up with empty cells, so a short source can have many."""
MAX_HTML = 1_000_000
"""Characters of a rendering. A long address can be defined once and used in thousands of links."""
MAX_URL = 2_000
"""Characters of an address."""
REL = "nofollow noopener ugc"

TAGS = frozenset(
    {"a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s"}
    | {"strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
)
ATTRIBUTES = {"a": frozenset({"href", "title"}), "ol": frozenset({"start"})}
ALIGNMENTS = frozenset({"left", "center", "right"})
SCHEMES = frozenset({"http", "https", "mailto"})

_REMOVED = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ufdd0-\ufdef\ufffe\uffff]")
"""Controls and noncharacters, which HTML forbids, and overrides, which show text in another order than it is stored."""
_ALLOWED_URL = re.compile(r"(?:https?://[^\s/?#]|mailto:[^\s?])", re.IGNORECASE)
_SCHEME = re.compile(r"(?<![^\W_])https?$", re.IGNORECASE)
_BARE_URL = re.compile(rf"://[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#][^\s<>`\"]{{0,{MAX_URL}}})?")
_TRAILING = "?!.,:;*_~'"
_PAIRS = {")": "(", "]": "["}


class _TooComplexError(Exception):
    """The source would take too long to render, or its rendering would be too large."""


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 (overridden)
        """Return whether an address may be linked; if not, the source is shown."""
        return _ALLOWED_URL.match(url) is not None

    def normalizeLink(self, url: str) -> str:  # noqa: N802 (overridden)
        """Return an address with its characters encoded, or "" if it may not be linked.

        Encoding is slow, and where an address is rejected, markdown-it reads the rest of it again as text.
        """
        return super().normalizeLink(url) if len(url) <= MAX_URL and self.validateLink(url) else ""


def render(source: str) -> str:
    """Return the sanitised HTML of a Markdown source.

    The work and the size of the result are limited by counting, so the result does not depend on the machine. A source
    that exceeds a limit is shown as it is, in one preformatted block. Lone surrogates become U+FFFD.
    """
    text = source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _REMOVED.sub("", text)
    try:
        return _rendered(text)
    except _TooComplexError:
        return sanitise(f"<pre>\n{html.escape(text, quote=False)}</pre>\n")


def sanitise(untrusted: str) -> str:
    """Return HTML with allowed elements, attributes and addresses only."""
    return _CLEANER.clean(untrusted)


def _rendered(text: str) -> str:
    rendered = sanitise(_PARSER.render(text))
    if len(rendered) > MAX_HTML:
        raise _TooComplexError
    return rendered


def _limit_blocks(state: "StateBlock", _start: int, _end: int, _silent: bool) -> bool:
    if state.level >= MAX_NESTING:
        raise _TooComplexError
    _limit_tokens(state)
    return False


def _limit_tokens(state: "StateBlock | StateCore") -> None:
    if len(state.tokens) > MAX_BLOCK_TOKENS:
        raise _TooComplexError


def _limit_steps(state: "StateInline", _silent: bool) -> bool:
    state.env["steps"] = steps = state.env.get("steps", 0) + 1
    if steps > MAX_STEPS:
        raise _TooComplexError
    return False


def _autolink(state: "StateInline", silent: bool) -> bool:
    """Link an address that starts with its scheme; the state is at the colon.

    markdown-it's own rule looks for addresses in quadratic time.
    """
    if silent or state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.src[max(0, state.pos - 6) : state.pos])
    found = _BARE_URL.match(state.src, state.pos)
    if not scheme or not found or not state.pending.endswith(scheme[0]):
        return False
    url = _without_trailing_punctuation(scheme[0] + found[0])
    target = state.md.normalizeLink(url)
    if not state.md.validateLink(target):
        return False
    state.pos += len(url) - len(scheme[0])
    state.pending = state.pending.removesuffix(scheme[0])
    state.push("link_open", "a", 1).attrs = {"href": target}
    state.push("text", "", 0).content = url
    state.push("link_close", "a", -1)
    return True


def _without_trailing_punctuation(url: str) -> str:
    """Return an address without what belongs to the sentence around it: `(see https://a.b/c_(d)).`."""
    while url[-1] in _TRAILING or (url[-1] in _PAIRS and url.count(url[-1]) > url.count(_PAIRS[url[-1]])):
        url = url[:-1]
    return url


def _finish(state: "StateCore") -> None:
    size = 0
    for token in state.tokens:
        if "style" in token.attrs:  # of table cells: `text-align:left`
            token.attrs = {"align": str(token.attrs["style"]).removeprefix("text-align:")}
        if token.children:
            token.children = list(_with_links_for_images(token.children))
            size += sum(len(str(value)) for child in token.children for value in child.attrs.values())
    if size > MAX_HTML:
        raise _TooComplexError


def _with_links_for_images(tokens: Iterable[Token]) -> Iterator[Token]:
    """Replace each image by a link with its description, or by its description if it is in a link already."""
    depth = links = 0
    for token in tokens:
        depth += token.nesting
        if depth > MAX_NESTING:
            raise _TooComplexError
        if token.tag == "a":
            links += token.nesting
        if token.type != "image":
            yield token
            continue
        target = str(token.attrs.pop("src"))
        description = _TEXT.renderInlineAsText(token.children, _PARSER.options, {}).strip() or target
        text = Token("text", "", 0, content=description)
        attrs = {**token.attrs, "href": target}
        attrs.pop("alt", None)
        yield from [text] if links else [Token("link_open", "a", 1, attrs=attrs), text, Token("link_close", "a", -1)]


def _make_parser() -> _Parser:
    # The level above the limit is where `_limit_blocks` raises: markdown-it itself would drop the content.
    parser = _Parser("commonmark", {"html": False, "xhtmlOut": False, "maxNesting": MAX_NESTING + 1})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.before("table", "limit", _limit_blocks)
    parser.inline.ruler.before("text", "limit", _limit_steps)
    parser.inline.ruler.after("text", "address", _autolink)
    parser.core.ruler.before("inline", "limit", _limit_tokens)
    parser.core.ruler.push("finish", _finish)
    return parser


_PARSER = _make_parser()
_TEXT = RendererHTML()
_CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    tag_attribute_values={"td": {"align": ALIGNMENTS}, "th": {"align": ALIGNMENTS}},
    url_schemes=SCHEMES,
    url_relative="deny",
    link_rel=REL,
)
