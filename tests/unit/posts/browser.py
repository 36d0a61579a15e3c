"""What a browser makes of HTML: an independent parser, and the rules that a rendering must keep."""

from collections.abc import Iterator
from html.parser import HTMLParser

from justhtml import Element, JustHTML, Node

ALLOWED = {
    "a": {"href", "rel", "title"},
    "blockquote": set(),
    "br": set(),
    "code": set(),
    "em": set(),
    **{f"h{level}": set() for level in range(1, 7)},
    "hr": set(),
    "li": set(),
    "ol": {"start"},
    "p": set(),
    "pre": set(),
    "s": set(),
    "strong": set(),
    "table": set(),
    "tbody": set(),
    "td": {"align"},
    "th": {"align"},
    "thead": set(),
    "tr": set(),
    "ul": set(),
}
"""Each element that a rendering may hold, and its attributes: written out again, so that a change is noticed."""
VOID = {"br", "hr"}
type Tag = tuple[str, dict[str, str]]


class Tags(HTMLParser):
    """Collects the tags as they are written, and requires that each element is closed where it should be."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[Tag] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), "an attribute is given twice"
        self.written.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def written_tags(rendered: str) -> list[Tag]:
    """The tags of HTML as they are written, which must be balanced."""
    tags = Tags()
    tags.feed(rendered)
    tags.close()
    assert tags.open == []
    return tags.written


def nodes(rendered: str) -> Iterator[Node]:
    """What a browser would show, in order."""
    ahead: list[Node] = [JustHTML(rendered, fragment=True, sanitize=False, strict=True).root]
    while ahead:
        node = ahead.pop()
        yield node
        ahead.extend(reversed(node.children or []))


def text_of(rendered: str) -> str:
    """The text that a browser would show."""
    return "".join(str(node.data) for node in nodes(rendered) if node.name == "#text")


def assert_safe(rendered: str) -> None:
    """Require that browsers read the HTML as it is written, and that all of it is allowed."""
    elements = [node for node in nodes(rendered) if isinstance(node, Element)]
    assert {node.name for node in nodes(rendered) if not isinstance(node, Element)} <= {"#document-fragment", "#text"}
    assert {node.namespace for node in elements} <= {"html"}
    found = [(node.name, {name: value or "" for name, value in node.attrs.items()}) for node in elements]
    assert found == written_tags(rendered), "a browser would repair it"
    for name, attributes in found:
        assert attributes.keys() <= ALLOWED[name], name
        assert attributes.get("align", "left") in {"left", "center", "right"}
        assert attributes.get("start", "1").isdigit()
        if "href" in attributes:
            assert attributes["href"].lower().startswith(("https://", "http://", "mailto:"))
            assert attributes["href"].isascii()
            assert attributes["href"].isprintable()
        if name == "a":
            assert attributes["rel"] == "nofollow noopener ugc"
