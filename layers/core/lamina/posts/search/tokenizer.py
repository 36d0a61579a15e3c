"""Splits text into the words that posts are found by, for any script.

* A word is a run of letters, marks and digits; `c#`, `c++` and the like are words too. A contraction ends at its
  apostrophe (`don't` is `don`).
* Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese are written without spaces, or with particles joined to words:
  their runs become overlapping pairs of characters (bigrams), and the last character.
* Compatibility forms, case and accents do not matter; marks that are letters of their script, such as Indic vowel
  signs, do. English words are reduced to their stems (Porter 2).

A word has two forms: `word`, which the beginning of a word is compared with, and `term`, its stem. Offsets refer to the
original text, for highlighting.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

MAX_WORD = 64
"""Maximum number of characters of a word: at most 256 bytes of a key. The rest of a longer one is ignored."""
CACHED_WORDS = 20_000

_ENGLISH = re.compile(r"[a-z]{3,}")
_WHOLE_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})
"""Letters with strokes and ligatures that Unicode does not decompose, as people type them."""
_OPTIONAL_MARKS = (range(10, 37), range(200, 256))
"""Combining classes of marks that may be omitted: Hebrew and Arabic vowel points, and accents. Marks of the other
classes are letters or change one: viramas, nuktas, kana voicing, South-East Asian vowels (Unicode, table 4-3)."""

_ZERO_WIDTH_SPACE = "\u200b"
_UNSPACED = (
    range(0x0E00, 0x0F00),  # Thai, Lao
    range(0x1000, 0x10A0),  # Burmese
    range(0x1100, 0x1200),  # Hangul Jamo
    range(0x1780, 0x1800),  # Khmer
    range(0x3005, 0x3008),  # 々〆〇
    range(0x3031, 0x3400),  # Kana, Bopomofo, compatibility Jamo
    range(0x3400, 0xA000),  # Han
    range(0xA960, 0xA980),  # Hangul Jamo
    range(0xAC00, 0xD800),  # Hangul
    range(0xF900, 0xFB00),  # Han
    range(0xFF66, 0xFFDD),  # half-width Kana and Jamo
    range(0x1B000, 0x1B170),  # Kana
    range(0x20000, 0x3FFFE),  # Han
)
_JOINED = (range(0x1160, 0x1200), range(0xD7B0, 0xD800), range(0xFF9E, 0xFFA0))
"""Parts of the preceding character that are letters by category: medial and final Jamo, half-width voicing marks."""

_TOKEN = re.compile(
    r"""
      (?P<word> (?<![wm]) (?: w\# | w[wm]{0,11}\+\+ ) (?![+\#])  # c#, c++, g++
              | w[wm]* )
      (?: 'w[wm]? (?![wm]) )?                                     # the end of a contraction
    | (?: cm* )+                                                  # a run in a script without spaces
    """,
    re.VERBOSE,
)
_UNIT = re.compile(r"cm*")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text.

    Attributes:
        word: the word without case and accents.
        start: offset of its first character in the text.
        end: offset after its last character.
        is_single: whether it is one character of a script without spaces, which is a word and part of many.
    """

    word: str
    start: int
    end: int
    is_single: bool = False

    @property
    def term(self) -> str:
        """The stem by which it is found; it has the same first character."""
        return stem(self.word)


def tokens(text: str, *, alone: bool = True) -> Iterator[Token]:
    """Yield the words of a text, in order.

    Args:
        text: any text.
        alone: whether the last character of a run in a script without spaces is also a word of its own, as in posts;
            in a query it would only repeat the pair that it ends.
    """
    # One letter for the class of each character, at the same offset.
    shape = text.translate(_shapes)
    for found in _TOKEN.finditer(shape):
        if found["word"]:
            start, end = found.span("word")
            word = fold(text[start:end])[:MAX_WORD]
            if word:
                yield Token(word, start, found.end())
        else:
            yield from _pairs(text, shape, found.start(), found.end(), alone=alone)


def fold(text: str) -> str:
    """Return text without case, optional marks and invisible characters.

    Applies compatibility decomposition around case folding (Unicode, D146), removes marks, and composes again.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(char for char in decomposed if _is_kept(char))
    return unicodedata.normalize("NFC", kept.translate(_WHOLE_LETTERS))


@lru_cache(CACHED_WORDS)
def stem(word: str) -> str:
    """Return the term of a folded word: the stem of an English word, else the word."""
    return str(_stemmer().stemWord(word)) if _ENGLISH.fullmatch(word) else word


@cache
def _stemmer() -> Any:  # noqa: ANN401 (snowballstemmer has no types)
    from snowballstemmer.english_stemmer import EnglishStemmer

    return EnglishStemmer()


def _pairs(text: str, shape: str, start: int, end: int, *, alone: bool) -> Iterator[Token]:
    """Yield the pairs of characters of a run, and its last character."""
    units = [
        (unit.start(), unit.end(), fold(text[unit.start() : unit.end()])) for unit in _UNIT.finditer(shape, start, end)
    ]
    for (first, _, one), (_, last, two) in pairwise(units):
        yield Token(one + two, first, last)
    if alone or len(units) == 1:
        first, last, one = units[-1]
        yield Token(one, first, last, is_single=True)


@cache
def _is_kept(char: str) -> bool:
    if char in "+#":
        return True
    marked = unicodedata.combining(char)
    return unicodedata.category(char)[0] in "LMN" and not any(marked in classes for classes in _OPTIONAL_MARKS)


class _Shapes(dict[int, str]):
    """The class of each character: `w` letter or digit, `c` letter of a script without spaces, `m` mark, or itself."""

    def __missing__(self, code: int) -> str:
        self[code] = _shape(code)
        return self[code]


_shapes = _Shapes()


def _shape(code: int) -> str:
    char = chr(code)
    plain = unicodedata.normalize("NFKC", char)
    if plain in {"+", "#"}:
        return plain
    if char in {"'", "’"}:
        return "'"
    category = unicodedata.category(char)
    if category[0] == "M" or any(code in each for each in _JOINED):
        return "m"
    if category == "Cf" and char != _ZERO_WIDTH_SPACE:
        return "m"
    if category[0] in "LN":
        is_unspaced = char == "〇" or (category[0] == "L" and any(code in each for each in _UNSPACED))
        return "c" if is_unspaced else "w"
    return " "
