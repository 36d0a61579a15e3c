"""Plain text of a rendered post: for excerpts, and for the search index."""

import html
import re
import unicodedata

MAX_EXCERPT = 300
"""Maximum number of characters of an excerpt."""

_TAG = re.compile(r"<(/?[a-z0-9]+)[^<>\"]*(?:\"[^\"]*\"[^<>\"]*)*>")
_INLINE = frozenset({"a", "code", "em", "s", "strong"})
_SPACES = re.compile(r"[^\S\n]+")
_LINE_BREAKS = re.compile(r"\s*\n\s*")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SHORTEST = MAX_EXCERPT * 2 // 3
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


def plain_text(sanitised: str) -> str:
    """Return the text of sanitised HTML: a line for each block, without markup.

    The text is not escaped: `<b>` in it is what the author wrote. HTML from elsewhere is not supported.
    """
    text = html.unescape(_TAG.sub(_line_break, sanitised))
    return _LINE_BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()


def excerpt(text: str) -> str:
    """Return the beginning of a text in one line of at most 300 characters.

    A longer text ends at a word, with an ellipsis; within a very long word, it ends between two characters as readers
    see them. Characters that change the direction of text are removed, because their ends could be missing.
    """
    line = " ".join(_DIRECTION.sub("", text).split())
    if len(line) <= MAX_EXCERPT:
        return line
    end = line.rfind(" ", _SHORTEST, MAX_EXCERPT)
    if end < 0:
        end = next((at for at in range(MAX_EXCERPT - 1, _SHORTEST, -1) if _can_cut(line, at)), MAX_EXCERPT - 1)
    return f"{line[:end].rstrip()}…"


def _line_break(tag: re.Match[str]) -> str:
    return "" if tag[1].removeprefix("/") in _INLINE else "\n"


def _can_cut(text: str, at: int) -> bool:
    """Return whether a character as readers see it ends before the index (UAX 29, without Hangul in parts)."""
    after, before = text[at], text[at - 1]
    if unicodedata.category(after)[0] == "M" or ord(after) in _SKIN_TONES or _JOINER in (after, before):
        return False
    return not (ord(after) in _FLAG_LETTERS and _flag_letters_before(text, at) % 2)


def _flag_letters_before(text: str, at: int) -> int:
    start = at
    while start and ord(text[start - 1]) in _FLAG_LETTERS:
        start -= 1
    return at - start
