"""The term vector of a post, and what a term contributes to its score.

The score is BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) of each field, weighted: the
title above the tags above the content. Only the content is normalised by its length; title and tags are short.
"""

import json
import math
import zlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

K1 = 1.2
"""Saturation: how soon further occurrences add little."""
B = 0.75
"""How much a long content lowers the weight of its terms."""
CONTENT_MOST = K1 + 1
TAG_WEIGHT = 2.25
"""Above `CONTENT_MOST`, so that a tag outweighs any number of occurrences in the content."""
TITLE_WEIGHT = 3.5
"""Above `TAG_WEIGHT`, likewise."""
TYPICAL_LENGTH = 300.0
"""Words of a typical content. Impacts are stored relative to it, so that they do not change with the statistics."""
LENGTH_STEPS = 4
"""Lengths are rounded to this many steps per doubling, so that a small change of a post moves few of its terms."""
LEVELS = 0xFFF
"""Impacts are stored as levels from 0 to this: three hexadecimal digits. A vector has the levels of its entries, which
are thus found after a change of the formula."""
MOST = (TITLE_WEIGHT + TAG_WEIGHT + 1) * (K1 + 1)
"""Upper bound of a weight."""

MAX_TERMS = 4_000
"""Maximum number of terms of a post: a natural text of 100,000 characters has about as many. Of more, those with the
highest weight are indexed, the first ones among equals."""
type Entry = tuple[str, int]
"""An entry of the index: a term and its level, or a word and `WORD`."""
WORD = -1


class Occurrences(NamedTuple):
    """How often a term occurs in each field of a post, the level of its entry in the index, and its forms."""

    title: int
    tags: int
    content: int
    level: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Vector:
    """The terms of a post.

    Attributes:
        terms: the terms with their occurrences.
        length: number of words of the content.
    """

    terms: dict[str, Occurrences] = field(default_factory=dict)
    length: int = 0

    def weight(self, term: str, average_length: float) -> float:
        """Return the BM25 weight of a term in the post, without the rarity of the term; 0 if it does not occur."""
        found = self.terms.get(term)
        return _weight(found.title, found.tags, found.content, self.length, average_length) if found else 0.0

    def entries(self) -> set[Entry]:
        """Return the entries of the index that the post has."""
        levels = {(term, found.level) for term, found in self.terms.items()}
        return levels | {(word, WORD) for found in self.terms.values() for word in found.words}


def vector_from(
    title: Counter[str], tags: Counter[str], content: Counter[str], forms: Mapping[str, tuple[str, ...]]
) -> Vector:
    """Return the vector of a post whose fields have these terms.

    Args:
        title: terms of the title, with their number.
        tags: those of the tags.
        content: those of the content.
        forms: the words of each term.
    """
    length = content.total()
    rounded = _rounded(length)
    terms = {}
    for term, words in forms.items():
        counts = title[term], tags[term], content[term]
        terms[term] = Occurrences(*counts, _level(_weight(*counts, rounded, TYPICAL_LENGTH)), words)
    if len(terms) > MAX_TERMS:
        best = sorted(terms, key=lambda term: terms[term].level, reverse=True)
        terms = {term: terms[term] for term in best[:MAX_TERMS]}
    return Vector(terms, length)


def weight_of(level: int) -> float:
    """Return the weight that a stored level stands for."""
    return level * MOST / LEVELS


def encode(vector: Vector) -> bytes:
    """Return a vector in its stored form."""
    terms = {
        term: [*found[:4], *(found.words if found.words != (term,) else ())] for term, found in vector.terms.items()
    }
    return pack([vector.length, terms])


def decode(stored: bytes, only: Collection[str] | None = None) -> Vector:
    """Return the vector of its stored form; with some of its terms, which is faster."""
    length, terms = unpack(stored)
    wanted = terms if only is None else (term for term in only if term in terms)
    return Vector({term: _occurrences(term, *terms[term]) for term in wanted}, int(length))


def _occurrences(term: str, title: int, tags: int, content: int, level: int, *words: str) -> Occurrences:
    return Occurrences(title, tags, content, level, words or (term,))


def pack(value: object) -> bytes:
    """Return a JSON value, compressed."""
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpack(packed: bytes) -> list[Any]:
    """Return the value of `pack`."""
    found: list[Any] = json.loads(zlib.decompress(packed))
    return found


def _weight(title: int, tags: int, content: int, length: float, average_length: float) -> float:
    norm = 1 - B + B * length / average_length
    return TITLE_WEIGHT * _saturated(title) + TAG_WEIGHT * _saturated(tags) + _saturated(content, norm)


def _saturated(count: int, norm: float = 1.0) -> float:
    return count * (K1 + 1) / (count + K1 * norm)


def _rounded(length: int) -> float:
    return 2 ** (round(math.log2(length) * LENGTH_STEPS) / LENGTH_STEPS) if length else 0.0


def _level(weight: float) -> int:
    return round(weight / MOST * LEVELS)
