"""Hit ratio on Zipf traffic: a few posts are read most of the time, and some are changed."""

import random
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import pytest

from lamina.cache import Values, values
from lamina.cache.memory import Memory
from lamina.cache.shared import Shared
from lamina.observability import counts

REQUESTS = 30_000
SIZES = (100, 1_000, 10_000)
PROCESSES = 8
"""Processes that share the traffic, each with a cache of its own."""
WRITES = 0.01
"""Share of requests that change the content of a post, which is then another key."""
TEXT = "A post of five thousand characters has about nine hundred words of text. "


@dataclass(frozen=True)
class Ratio:
    """The hit ratio with a number of posts: of one process, of several, and of several with a shared cache."""

    posts: int
    one: float
    several: float
    shared: float | None


def measure(shared: Shared | None, requests: int = REQUESTS) -> list[Ratio]:
    """Measure the hit ratio for each number of posts."""
    return [
        Ratio(
            posts,
            _ratio(posts, 1, None, requests),
            _ratio(posts, PROCESSES, None, requests),
            _ratio(posts, PROCESSES, shared, requests // 2) if shared else None,
        )
        for posts in SIZES
    ]


def _ratio(posts: int, processes: int, shared: Shared | None, requests: int) -> float:
    """Return the hit ratio of the second half of the requests: the first fills the caches."""
    chance = random.Random(1)  # noqa: S311 (nothing secret)
    contents: Values[str] = Values(f"bench-{posts}", versioned=True)
    memories = [Memory() for _ in range(processes)]
    versions: dict[int, int] = {}
    text = TEXT * (5_000 // len(TEXT))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(values, "shared_cache", lambda: shared)
        for number, post in enumerate(_zipf(posts, requests, chance)):
            if number == requests // 2:
                counts.take()
            patched.setattr(values, "memory", chance.choice(memories))
            if chance.random() < WRITES:
                versions[post] = versions.get(post, 1) + 1
            contents.get_or_make(lambda: f"{text}{chance.random()}", post, versions.get(post, 1))
    counted = counts.take()
    return counted[values.HITS] / (counted[values.HITS] + counted[values.MISSES])


def _zipf(size: int, count: int, chance: random.Random) -> Iterator[int]:
    """Yield numbers below `size`: the n-th is as frequent as 1/n."""
    weights = list(accumulate(1 / rank for rank in range(1, size + 1)))
    for _ in range(count):
        yield bisect_left(weights, chance.random() * weights[-1])
