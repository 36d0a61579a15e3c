"""How many of the ten best posts a search finds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest

from bench.search.corpus import Corpus
from bench.search.memory import Memory
from lamina.posts.search.ranking import search
from lamina.posts.search.vectors import Vector
from lamina.storage.cursors import Cursor

BEST = 10
KEPT = 2_000
"""Posts that queries are made of."""
ROUNDING = 1e-3
"""Posts whose scores differ by less are equally good."""
REQUIRED = {1: 0.95, 2: 0.90, 3: 0.90}
"""The overlap that is required, by the number of words."""
ENTRY_BYTES = 60
"""Of an entry of a term, about: its key and its kind."""
UNIT_BYTES = 4096
"""Bytes of a read unit; half of it is billed for a read that is eventually consistent."""


@dataclass(frozen=True)
class Quality:
    """The results of queries with this number of words.

    Attributes:
        words: number of words.
        overlap: share of the ten best by BM25 that are among the first ten.
        entries: entries read by a query, on average.
        vectors: vectors read, likewise.
        units: read units of them.
    """

    words: int
    overlap: float
    entries: float
    vectors: float
    units: float


def measure(posts: int, queries: int, seed: int) -> tuple[Memory, list[Quality]]:
    """Index a corpus, and compare searches with the scores of all its posts."""
    corpus = Corpus(seed)
    kept: list[Vector] = []

    def made() -> Iterator[Vector]:
        for number in range(posts):
            post = corpus.post()
            if number % max(posts // KEPT, 1) == 0:
                kept.append(post)
            yield post

    memory = Memory(made())
    with memory.in_place_of_the_table():
        return memory, [_compare(memory, words, corpus.queries(kept, words, queries)) for words in REQUIRED]


def _compare(memory: Memory, words: int, queries: Sequence[str]) -> Quality:
    memory.read.clear()
    overlap = sum(_overlap(memory, query) for query in queries) / len(queries)
    entries, vectors = (memory.read[name] / len(queries) for name in ("entries", "vectors"))
    units = (entries * ENTRY_BYTES / UNIT_BYTES + vectors) / 2
    return Quality(words, round(overlap, 3), round(entries), round(vectors), round(units, 1))


def _overlap(memory: Memory, query: str) -> float:
    exact = memory.exact(query.split())
    best = nlargest(BEST, exact.values())
    found = search(query, BEST, Cursor("")).items
    return sum(exact[hit.post_id] > best[-1] - ROUNDING for hit in found) / len(best)
