"""What a search takes as the number of posts grows, on a table of dynoxide.

The table has the indexed posts, and the entries of the words that are searched: no search reads others. A million posts
are a hundred thousand ten times, with other ids.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from uuid import UUID

from bench.engine import table_definition
from bench.growth.measurement import load, serving
from bench.progress import step
from bench.search.corpus import Corpus
from lamina.posts.search import statistics
from lamina.posts.search.items import IndexedPostItem, PostTermItem, PostWordItem, indexed_key, posting, word_key
from lamina.posts.search.ranking import search
from lamina.posts.search.vectors import WORD, Entry, Vector, encode
from lamina.settings import settings
from lamina.storage.cursors import Cursor
from lamina.storage.item import Item, connect
from lamina.storage.transport import Call
from tests.integration.engines import export_line, write_export

SIZES = (1_000, 100_000, 1_000_000)
DIFFERENT = 100_000
"""Posts of the corpus; more are copies of them."""
QUERIES = {
    "a word of nearly every post": "w000000x",
    "a word of one post in ten": "w000030x",
    "a rare word": "w020000x",
    "two words": "w000030x w000200x",
    "three words": "w000030x w000200x w001000x",
    "the beginning of a word": "w0010",
}
REPEATS = 9


@dataclass(frozen=True)
class Cost:
    """What a query takes.

    Attributes:
        hits: hits of the first page.
        units: read units.
        milliseconds: its duration, the median of several.
    """

    hits: int
    units: float
    milliseconds: float


def measure(sizes: Sequence[int], seed: int) -> dict[int, dict[str, Cost]]:
    """Return the cost of each query at each size."""
    with step(f"{min(max(sizes), DIFFERENT):,} posts"):
        corpus = Corpus(seed)
        posts = [corpus.post() for _ in range(min(max(sizes), DIFFERENT))]
    return {size: _measure_size(posts, size) for size in sizes}


def _measure_size(posts: Sequence[Vector], size: int) -> dict[str, Cost]:
    with TemporaryDirectory(prefix="lamina-search-") as scratch:
        folder = Path(scratch)
        with step(f"generating an index of {size:,} posts"):
            table = {"TableName": settings().table, **table_definition()}
            write_export(table, map(export_line, _items(posts, size)), folder)
        load(folder)
        with serving(folder) as client, patch.object(connect(), "_client", client):
            statistics.refresh()
            return {name: _cost(client, query) for name, query in QUERIES.items()}


def _cost(client: Any, query: str) -> Cost:  # noqa: ANN401 (as `serving` yields it)
    units, taken, hits = 0.0, [], 0

    def add(call: Call) -> None:
        nonlocal units
        consumed = (call.response or {}).get("ConsumedCapacity", [])
        units += sum(each["CapacityUnits"] for each in (consumed if isinstance(consumed, list) else [consumed]))

    search(query, 20, Cursor(""))
    client.after.append(add)
    for _ in range(REPEATS):
        begun = time.perf_counter()
        hits = len(search(query, 20, Cursor("")).items)
        taken.append(time.perf_counter() - begun)
    client.after.remove(add)
    return Cost(hits, round(units / REPEATS, 1), round(median(taken) * 1000, 1))


def _items(posts: Sequence[Vector], size: int) -> Iterator[dict[str, Any]]:
    beginning = QUERIES["the beginning of a word"]
    searched = {word for query in QUERIES.values() for word in query.split()}
    words: set[str] = set()
    kept: list[tuple[bytes, list[Entry]]] = []
    for post in posts[:size]:
        entries = [entry for entry in post.entries() if entry[0] in searched or entry[0].startswith(beginning)]
        words |= {word for word, level in entries if level == WORD}
        kept.append((encode(post), [entry for entry in entries if entry[1] != WORD]))
    for number in range(size):
        post_id = str(UUID(int=0x01900000_0000_7000_8000_000000000000 + number))
        vector, entries = kept[number % len(kept)]
        yield _raw(IndexedPostItem(*indexed_key(post_id), post_version=1, vector=vector))
        yield from (_raw(posting(entry, post_id)) for entry in entries)
    yield from (_raw(PostWordItem(*word_key(word))) for word in words)


def _raw(item: Item) -> dict[str, Any]:
    """Return an item as it is stored."""
    raw = item.serialize()
    if isinstance(item, PostTermItem):
        return {name: raw[name] for name in ("pk", "sk", "kind")}
    return {**raw, "version": {"N": "1"}}
