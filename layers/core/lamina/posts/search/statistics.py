"""Statistics of the index, which tell how rare a term is: refreshed by a schedule from a sample of the posts.

Of a term that few posts have, a search reads all entries and counts them; so only the frequent ones are here. The cost
of a refresh does not depend on the number of posts: they are in partitions at random, and as many of these are read as
a sample needs.
"""

import time
from collections import Counter
from dataclasses import dataclass, field

from lamina.posts.search.items import (
    SHARDS,
    IndexedPostItem,
    SearchStatisticsItem,
    indexed_partition,
    statistics_key,
)
from lamina.posts.search.vectors import TYPICAL_LENGTH, decode, pack, unpack
from lamina.storage.iteration import HasTime

SAMPLE = 4_000
"""Posts per sample: a term that one post in a hundred has is counted to within 16 %, its weight to within 4 %."""
FREQUENT_FROM = 500
"""Number of posts from which on a term is frequent: less than a search reads of a term."""
MAX_FREQUENT = 10_000
"""Maximum number of frequent terms: about 60 KB."""
CURRENT_SECONDS = 60.0
"""How long a process uses the statistics that it has read."""


@dataclass(frozen=True)
class Statistics:
    """What is known of all indexed posts.

    Attributes:
        posts: their number, about.
        average_length: words of their contents on average.
        frequent: number of posts of each frequent term, about, the most frequent first.
    """

    posts: int = 0
    average_length: float = TYPICAL_LENGTH
    frequent: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """The report of a refresh.

    Attributes:
        sampled: number of posts that were read.
        posts: number of indexed posts, about.
        average_length: words of their contents on average.
        frequent: number of frequent terms.
    """

    sampled: int
    posts: int
    average_length: float
    frequent: int


@dataclass
class _Kept:
    statistics: Statistics | None = None
    until: float = 0.0


_kept = _Kept()


def current() -> Statistics:
    """Return the statistics, at most a minute old; those of a typical post until they exist."""
    if _kept.statistics is None or time.monotonic() > _kept.until:
        _kept.statistics, _kept.until = _read(), time.monotonic() + CURRENT_SECONDS
    return _kept.statistics


def refresh(has_time: HasTime = lambda: True, *, dry_run: bool = False) -> Report:
    """Count the terms of a sample of the indexed posts, and store the statistics.

    Args:
        has_time: whether there is time to read another partition. Without time, the sample is smaller.
        dry_run: only report.
    """
    sampled, statistics = _count(has_time)
    if not dry_run and sampled:
        _store(statistics)
    return Report(sampled, statistics.posts, round(statistics.average_length, 1), len(statistics.frequent))


def _store(statistics: Statistics) -> None:
    item = SearchStatisticsItem(
        *statistics_key(),
        posts=statistics.posts,
        average_length=statistics.average_length,
        frequent=pack([list(statistics.frequent.items())]),
    )
    # The last of several refreshes wins; they are equally right.
    item.save(add_version_condition=False)
    _kept.statistics = None


def _count(has_time: HasTime) -> tuple[int, Statistics]:
    """Return the number of posts in the sample, and what it says of all."""
    posts, words, having, shards = 0, 0, Counter[str](), 0
    while shards < SHARDS and posts < SAMPLE and has_time():
        for item in IndexedPostItem.query(indexed_partition(shards)):
            vector = decode(item.vector)
            if vector.terms:
                posts += 1
                words += vector.length
                having.update(vector.terms.keys())
        shards += 1
    if not posts:
        return 0, Statistics()
    scale = SHARDS / shards
    counted = ((term, round(count * scale)) for term, count in having.most_common(MAX_FREQUENT))
    frequent = {term: count for term, count in counted if count >= FREQUENT_FROM}
    # A post without words, such as one of pictures, has a length of nothing.
    return posts, Statistics(round(posts * scale), max(words / posts, 1.0), frequent)


def _read() -> Statistics:
    try:
        item = SearchStatisticsItem.get(*statistics_key())
    except SearchStatisticsItem.DoesNotExist:
        return Statistics()
    return Statistics(int(item.posts), float(item.average_length), dict(unpack(item.frequent)[0]))
