"""Searches posts: the best first, a page at a time, at the same cost whatever the number of posts.

The candidates (`matching`) are divided into windows. Those of a window are scored by their vectors, which gives their
order. Windows follow each other by the estimates, so that far pages are in the right order only about.

A position is a window, and the score and id of a hit in it. It stays valid when posts come and go.
"""

import math
from dataclasses import dataclass
from typing import Self

from lamina.posts.search import items
from lamina.posts.search.matching import Matcher, matcher_of
from lamina.posts.search.queries import parse
from lamina.storage.cursors import Cursor
from lamina.storage.sharded_list import Chunk

WINDOW = 100
"""Candidates per window: one BatchGetItem."""
DEPTH = 1_000
"""Candidates that can be reached: the last page ends there."""
MAX_WINDOWS = 3
"""Windows per page, at most. A page needs more than one at the end of a window, or where candidates do not match."""


@dataclass(frozen=True, order=True)
class Hit:
    """A post that was found. Hits are ordered by score, and of equal ones the newest post is higher.

    Attributes:
        score: how well it matches.
        post_id: id of the post.
    """

    score: float
    post_id: str


@dataclass(frozen=True)
class _Place:
    """A position in a ranking: a window, and a hit that is or was in it."""

    window: int
    hit: Hit

    @classmethod
    def parse(cls, position: str) -> Self:
        window, score, post_id = position.split("#")
        return cls(int(window), Hit(float(score), post_id))

    def __str__(self) -> str:
        return f"{self.window}#{self.hit.score}#{self.hit.post_id}"


BEST, WORST = Hit(math.inf, ""), Hit(-math.inf, "")
"""Before and after all hits of a window."""
TOP = _Place(0, BEST)


def search(text: str, limit: int, start: Cursor) -> Chunk[Hit]:
    """Return hits of a query.

    Args:
        text: the query.
        limit: maximum number of hits; there may be fewer, even if more follow.
        start: position after which to start, or before which, in reverse order. The hit there need not exist any more.
    """
    words = parse(text)
    if not words:
        return Chunk([], "", "", more=False)
    matcher = matcher_of(words)
    candidates = matcher.candidates()[:DEPTH]
    edge = _Place.parse(start.position) if start.position else TOP
    if start.backwards:
        return _before(matcher, candidates, edge, limit)
    return _after(matcher, candidates, edge, limit)


def _after(matcher: Matcher, candidates: list[str], edge: _Place, limit: int) -> Chunk[Hit]:
    found: list[_Place] = []
    window = edge.window
    while len(found) < limit and window < _windows(candidates) and window < edge.window + MAX_WINDOWS:
        hits = _hits(matcher, candidates, window)
        found += [_Place(window, hit) for hit in hits if window > edge.window or hit < edge.hit]
        window += 1
    return _cut(found, limit, _Place(max(window - 1, 0), WORST), more=window < _windows(candidates))


def _before(matcher: Matcher, candidates: list[str], edge: _Place, limit: int) -> Chunk[Hit]:
    found: list[_Place] = []
    window = edge.window
    while len(found) < limit and window >= 0 and window > edge.window - MAX_WINDOWS:
        hits = _hits(matcher, candidates, window)
        found += [_Place(window, hit) for hit in reversed(hits) if window < edge.window or hit > edge.hit]
        window -= 1
    return _cut(found, limit, _Place(window + 1, BEST), more=window >= 0)


def _windows(candidates: list[str]) -> int:
    return math.ceil(len(candidates) / WINDOW)


def _hits(matcher: Matcher, candidates: list[str], window: int) -> list[Hit]:
    """Return the hits of a window, the best first: one BatchGetItem."""
    vectors = items.read_vectors(candidates[window * WINDOW : (window + 1) * WINDOW], matcher.terms())
    hits = (Hit(_rounded(matcher.score(vector)), post_id) for post_id, vector in vectors.items())
    return sorted((hit for hit in hits if hit.score > 0), reverse=True)


def _rounded(score: float) -> float:
    """Return a score with six digits, whatever its size: that of a word in nearly every post is very small."""
    return float(f"{score:.6g}")


def _cut(found: list[_Place], limit: int, end: _Place, *, more: bool) -> Chunk[Hit]:
    """Cut what was found to a page. If it was all, the next page starts at the end of what was looked at."""
    kept = found[:limit]
    last = kept[-1] if len(found) >= limit else end
    first = kept[0] if kept else end
    return Chunk([place.hit for place in kept], str(first), str(last), more=more or len(found) > limit)
