"""Searches by words: reads the entries of one term in order, and checks the objects that they refer to.

The work per request is limited, however few entries lead to a match: a page may have fewer items than requested, or
none, although there are more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lamina.search_terms import has
from lamina.storage.cursors import Cursor
from lamina.storage.keys import identifier_of, list_position
from lamina.storage.sharded_list import Chunk, Source, read

ROUND = 100
"""Entries per round; one BatchGetItem reads their objects."""
MORE_ROUNDS = 4
"""Number of further rounds if the first one, of one page, has not filled the page."""


@dataclass(frozen=True)
class WordSearch[T]:
    """A search.

    Attributes:
        terms: the terms, the longest first; at least one.
        partitions: partitions of the list of words.
        load: returns up to 100 objects by id; those that may not be found are omitted.
        words: returns the words of an object in this list.
    """

    terms: Sequence[str]
    partitions: Sequence[str]
    load: Callable[[set[str]], Mapping[str, T]]
    words: Callable[[T], list[str]]

    def read(self, limit: int, start: Cursor) -> Chunk[T]:
        """Read entries until the page and one more are found, no entries are left, or the limit of work is reached."""
        source = Source("", self.partitions, prefix=self.terms[0])
        found: list[tuple[str, T]] = []
        last, more = start.position, True
        for count in (min(limit + 1, ROUND), *[ROUND] * MORE_ROUNDS):
            chunk = read(source, count, descending=start.backwards, after=last)
            found += self._matches(chunk.items)
            last, more = chunk.last or last, chunk.more
            if len(found) > limit or not more:
                break
        return _cut(found, limit, last, more=more)

    def _matches(self, positions: list[str]) -> Iterator[tuple[str, T]]:
        """Yield the objects that match all terms, each only at the first of its entries in the list."""
        objects = self.load({identifier_of(position) for position in positions})
        for position in positions:
            each = objects.get(identifier_of(position))
            if each is None:
                continue
            words = self.words(each)
            places = [list_position(word, identifier_of(position)) for word in words if word.startswith(self.terms[0])]
            if position == min(places, default="") and all(has(words, term) for term in self.terms):
                yield position, each


def _cut[T](found: list[tuple[str, T]], limit: int, last: str, *, more: bool) -> Chunk[T]:
    """Cut the matches to a page; the rest is found again by the next page."""
    kept = found[:limit]
    if len(found) > limit:
        last, more = kept[-1][0], True
    return Chunk([each for _, each in kept], first=kept[0][0] if kept else last, last=last, more=more)
