"""Ordered lists spread over several partitions, read by merging.

Each entry is in one shard of its list, chosen by its id, so that no partition takes all writes. A read queries all
shards in parallel for their share of the requested entries and merges the sorted results: the cost depends on the
number of entries and shards, never on the size of the table.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby, islice
from math import ceil, isqrt
from typing import TYPE_CHECKING, Any

from lamina.storage.item import Entry
from lamina.storage.keys import SHARDS
from lamina.storage.parallel import threads

if TYPE_CHECKING:
    from pynamodb.attributes import UnicodeAttribute
    from pynamodb.expressions.condition import Condition

_LAST = "\U0010ffff"
"""Sorts after every character of a key: DynamoDB compares UTF-8 bytes."""


@dataclass(frozen=True)
class Source:
    """The location of the entries of a list.

    Attributes:
        index: `gsi1` … `gsi4`, or `""` for the table itself.
        partitions: partition keys of its shards.
        prefix: required prefix of the sort keys.
    """

    index: str
    partitions: Sequence[str]
    prefix: str = ""


@dataclass(frozen=True)
class Chunk[T]:
    """A part of a list, in reading order.

    Attributes:
        items: items of the part.
        first: position (sort key) where reading started, `""` if nothing was read.
        last: position where reading ended.
        more: whether there may be more after it.
    """

    items: list[T]
    first: str
    last: str
    more: bool


def read(source: Source, count: int, *, descending: bool, after: str = "", offset: int = 0) -> Chunk[str]:
    """Return the positions of a part of a list.

    Args:
        source: the list.
        count: maximum number of entries.
        descending: whether to read from the end of the list towards its start.
        after: position after which to start, which need not exist; `""` for the edge of the list.
        offset: number of entries to skip; each is read and paid for, so callers limit it.
    """
    merged = (position for position in _merge(source, offset + count + 2, descending, after) if position != after)
    found = list(islice(merged, offset, offset + count + 1))
    positions = found[:count]
    first, last = (positions[0], positions[-1]) if positions else ("", "")
    return Chunk(positions, first, last, more=len(found) > count)


def _merge(source: Source, wanted: int, descending: bool, edge: str) -> Iterator[str]:
    """Yield the positions of all shards from `edge` on, in order, without duplicates; about `wanted` are consumed."""
    begin = partial(_begin, source, _chunk(wanted, len(source.partitions)), descending, edge)
    shards = list(threads.map(begin, source.partitions))
    return (position for position, _ in groupby(heapq.merge(*shards, reverse=descending)))


def _chunk(wanted: int, shards: int) -> int:
    """Return how many entries to request from a shard per call: its fair share, plus a margin.

    The margin makes a second call rare. The number of requested entries in a shard is random, with a deviation below
    the square root of its share. A list of one partition contains all of them; of several lists that are read together,
    any one may.
    """
    share = ceil(wanted / min(shards, SHARDS))
    return min(wanted, share + 4 * (isqrt(share) + 1))


def _begin(source: Source, chunk: int, descending: bool, edge: str, partition: str) -> Iterator[str]:
    """Read the first chunk of one shard; further chunks are read when the merge needs them."""
    target: Any = getattr(Entry, source.index) if source.index else Entry
    sort_key = Entry.gsisk if source.index else Entry.sk
    entries = target.query(
        partition,
        _range(sort_key, source.prefix, descending, edge),
        scan_index_forward=not descending,
        page_size=chunk,
    )
    positions = (str(getattr(entry, sort_key.attr_name)) for entry in entries)
    return chain(list(islice(positions, 1)), positions)


def _range(sort_key: "UnicodeAttribute", prefix: str, descending: bool, edge: str) -> "Condition | None":
    """Return the condition on sort keys. DynamoDB accepts only one, so a prefix with an edge becomes a range."""
    if not edge:
        return sort_key.startswith(prefix) if prefix else None
    if not prefix:
        return sort_key <= edge if descending else sort_key >= edge
    return sort_key.between(prefix, edge) if descending else sort_key.between(edge, prefix + _LAST)
