"""Ordered lists spread over several partitions, read by merging them.

Each entry lies in one shard of its list, chosen by its id, so that no partition takes all the writes. A read asks every
shard at once for its share of the entries that are wanted and merges the sorted answers: the cost depends on how many
are wanted and on the number of shards, never on the size of the table.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby, islice
from math import ceil, isqrt
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from lamina.storage.item import Entry
from lamina.storage.keys import SHARDS
from lamina.storage.parallel import threads

_LAST = "\U0010ffff"
"""Sorts after every character of a key: the table compares their UTF-8 bytes."""


@dataclass(frozen=True)
class Source:
    """Where the entries of a list lie.

    Attributes:
        index: `gsi1` … `gsi4`, or `""` for the table itself.
        partitions: the keys of its shards.
        prefix: only entries whose sort key starts with this.
    """

    index: str
    partitions: Sequence[str]
    prefix: str = ""


@dataclass(frozen=True)
class Chunk[T]:
    """A part of a list, in the order of reading.

    Attributes:
        items: of the part.
        first: position (sort key) where reading began, `""` if nothing was read.
        last: position that reading reached.
        more: whether there may be more after it.
    """

    items: list[T]
    first: str
    last: str
    more: bool


def read(source: Source, count: int, *, descending: bool, after: str = "", offset: int = 0) -> Chunk[str]:
    """Read the positions of a part of a list.

    Args:
        source: the list.
        count: how many entries at the most.
        descending: whether to read from the end of the list towards its start.
        after: start beyond this position, which need not be taken any more; `""` starts at the edge of the list.
        offset: entries to skip; each of them is read and paid for, so callers bound it.
    """
    merged = (position for position in _merge(source, offset + count + 2, descending, after) if position != after)
    found = list(islice(merged, offset, offset + count + 1))
    positions = found[:count]
    first, last = (positions[0], positions[-1]) if positions else ("", "")
    return Chunk(positions, first, last, more=len(found) > count)


def _merge(source: Source, wanted: int, descending: bool, edge: str) -> Iterator[str]:
    """Yield the positions of all shards, in order and each once, from `edge` on; about `wanted` of them are taken."""
    begin = partial(_begin, source, _chunk(wanted, len(source.partitions)), descending, edge)
    shards = list(threads.map(begin, source.partitions))
    return (position for position, _ in groupby(heapq.merge(*shards, reverse=descending)))


def _chunk(wanted: int, shards: int) -> int:
    """Choose how many entries to ask of a shard in one call: its fair share, and so much that a second is rare.

    How many of the wanted ones lie in a shard is a matter of chance, with a deviation below the root of its share. A
    list of one partition has them all there; of several lists that are read together, any may have them all.
    """
    share = ceil(wanted / min(shards, SHARDS))
    return min(wanted, share + 4 * (isqrt(share) + 1))


def _begin(source: Source, chunk: int, descending: bool, edge: str, partition: str) -> Iterator[str]:
    """Read the first chunk of one shard; those after it are read when the merge gets there."""
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


def _range(sort_key: UnicodeAttribute, prefix: str, descending: bool, edge: str) -> Condition | None:
    """Say which sort keys are wanted, in the one condition that DynamoDB takes: a prefix with an edge is a range."""
    if not edge:
        return sort_key.startswith(prefix) if prefix else None
    if not prefix:
        return sort_key <= edge if descending else sort_key >= edge
    return sort_key.between(prefix, edge) if descending else sort_key.between(edge, prefix + _LAST)
