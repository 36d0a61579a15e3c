"""Shows where a query matches: fragments of HTML in which only `<mark>` is not escaped."""

import html
from collections.abc import Iterable, Iterator, Sequence

from lamina.posts.model import Highlights
from lamina.posts.search.queries import Part, parse
from lamina.posts.search.tokenizer import tokens

FRAGMENTS = 3
"""Maximum number of fragments of a content."""
AROUND = 60
"""Characters before and after a match."""
type Span = tuple[int, int]


def highlights(query: str, title: str, text: str) -> Highlights:
    """Return where a query matches a title, and the first fragments of a text. Its time grows with the text."""
    parts = {part for word in parse(query) for part in word}
    whole = list(_spans(parts, title))
    return Highlights([_marked(title, 0, len(title), whole)] if whole else [], _fragments(parts, text))


def _spans(parts: Iterable[Part], text: str) -> Iterator[Span]:
    """Yield the matches of a text, in order; the pairs of characters that make up a word overlap."""
    terms = {part.term for part in parts}
    beginnings = tuple(part.word for part in parts if part.is_beginning)
    # Stems take most of the time, so only words that may match are reduced to them.
    initials = (*beginnings, *(term[0] for term in terms))
    for token in tokens(text):
        if token.word.startswith(initials) and (token.word.startswith(beginnings) or token.term in terms):
            yield token.start, token.end


def _fragments(parts: Iterable[Part], text: str) -> list[str]:
    """Return the first parts of a text that have matches; matches that are near each other are in the same."""
    found: list[list[Span]] = []
    for span in _spans(parts, text):
        if found and span[0] <= found[-1][0][0] + 2 * AROUND:
            found[-1].append(span)
        elif len(found) == FRAGMENTS:
            break
        else:
            found.append([span])
    return [_fragment(text, spans) for spans in found]


def _fragment(text: str, spans: Sequence[Span]) -> str:
    start, end = _word_start(text, spans[0][0] - AROUND), _word_end(text, spans[-1][1] + AROUND)
    return ("… " if start else "") + _marked(text, start, end, spans).strip() + (" …" if end < len(text) else "")


def _word_start(text: str, wanted: int) -> int:
    """Return where the first whole word at or after an offset starts."""
    if wanted <= 0:
        return 0
    space = text.find(" ", wanted - 1, wanted + AROUND // 2)
    return space + 1 if space >= 0 else wanted


def _word_end(text: str, wanted: int) -> int:
    """Return where the last whole word before an offset ends."""
    if wanted >= len(text):
        return len(text)
    space = text.rfind(" ", wanted - AROUND // 2, wanted + 1)
    return space if space >= 0 else wanted


def _marked(text: str, start: int, end: int, spans: Iterable[Span]) -> str:
    """Return a part of a text as HTML, with marks around the spans in it."""
    pieces: list[str] = []
    at = start
    for first, last in _merged(spans):
        pieces += [html.escape(text[at:first]), "<mark>", html.escape(text[first:last]), "</mark>"]
        at = last
    return "".join([*pieces, html.escape(text[at:end])])


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans with those that overlap made one."""
    merged: list[Span] = []
    for first, last in spans:
        if merged and first < merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged
