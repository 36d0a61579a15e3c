"""The search index in memory, and the exact scores of all posts.

It replaces the reads of the table only: impacts, candidates and scores are those of the deployed code.
"""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

from lamina.posts.search import items, statistics
from lamina.posts.search.statistics import Statistics
from lamina.posts.search.vectors import LEVELS, WORD, Occurrences, Vector, decode, encode

ID = "01900000-0000-7000-8000-{:012}"
MAX_NUMBER = (1 << 32) - 1
MAX_COUNT = (1 << 16) - 1


class Memory:
    """An index in memory.

    Attributes:
        read: number of entries and vectors that were read.
        statistics: as the schedule would count them.
        size: bytes of all vectors.
    """

    def __init__(self, posts: Iterable[Vector]) -> None:
        """Index posts."""
        self.read: Counter[str] = Counter()
        self.size = 0
        self._vectors: list[bytes] = []
        self._lengths = array("I")
        self._entries: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        for number, vector in enumerate(posts):
            self._add(number, vector)
        for term, entries in self._entries.items():
            self._entries[term] = array("Q", sorted(entries))
        counts = {term: len(entries) for term, entries in self._entries.items()}
        frequent = {term: count for term, count in counts.items() if count >= statistics.FREQUENT_FROM}
        self.statistics = Statistics(len(self._vectors), sum(self._lengths) / len(self._lengths), frequent)

    def _add(self, number: int, vector: Vector) -> None:
        self._vectors.append(encode(vector))
        self._lengths.append(vector.length)
        self.size += len(self._vectors[-1])
        for term, level in vector.entries():
            if level != WORD:
                # In ascending order as in the table: by inverted level, then the newest post first.
                count = min(vector.terms[term].content, MAX_COUNT)
                self._entries[term].append((LEVELS - level) << 48 | (MAX_NUMBER - number) << 16 | count)

    @contextmanager
    def in_place_of_the_table(self) -> Iterator[None]:
        """Replace the reads of searches by this index."""
        with (
            mock.patch.object(items, "read_postings", self._read_postings),
            mock.patch.object(items, "read_vectors", self._read_vectors),
            mock.patch.object(items, "read_words", return_value=[]),
            mock.patch.object(statistics, "current", return_value=self.statistics),
        ):
            yield

    def exact(self, words: Sequence[str]) -> dict[str, float]:
        """Return the BM25 score of every post that has any of the words, by id."""
        scores: defaultdict[str, float] = defaultdict(float)
        posts, average = self.statistics.posts, self.statistics.average_length
        for word in words:
            entries = self._entries[word]
            rarity = math.log1p((posts - len(entries) + 0.5) / (len(entries) + 0.5))
            for entry in entries:
                number = MAX_NUMBER - (entry >> 16 & MAX_NUMBER)
                one = Vector({word: Occurrences(0, 0, entry & MAX_COUNT, 0, ())}, self._lengths[number])
                scores[ID.format(number)] += rarity * one.weight(word, average)
        return scores

    def _read_postings(self, term: str, count: int) -> tuple[list[tuple[str, int]], bool]:
        entries = self._entries.get(term, array("Q"))
        self.read["entries"] += min(count, len(entries))
        found = [
            (ID.format(MAX_NUMBER - (entry >> 16 & MAX_NUMBER)), LEVELS - (entry >> 48)) for entry in entries[:count]
        ]
        return found, len(entries) <= count

    def _read_vectors(self, post_ids: Iterable[str], terms: Collection[str]) -> dict[str, Vector]:
        found = {post_id: decode(self._vectors[int(post_id[-12:])], terms) for post_id in post_ids}
        self.read["vectors"] += len(found)
        return found
