"""Compares a restored table with the one that it was made of, which has been changed since."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from operations.restore.tables import RawItem, scan

SAMPLES = 200
SETTLED = timedelta(seconds=10)
"""An item with an older `created_at` was written, and not just prepared, at the instant of the backup."""
BATCH = 100
REWRITTEN = ("version", "schema_version", "updated_at")
"""Attributes of which one changes with every write of an item that has a version."""


@dataclass
class Comparison:
    """What the comparison has found.

    Attributes:
        missing: number of items that the restored table should have more of, by kind.
        same: number of samples that are the same in both tables.
        changed: number of samples that were changed or deleted since.
        different: number of samples that differ although nobody has changed them.
    """

    missing: Counter[str] = field(default_factory=Counter)
    same: int = 0
    changed: int = 0
    different: int = 0

    @property
    def is_good(self) -> bool:
        """Whether nothing is missing or different."""
        return not self.missing and not self.different


class Sample:
    """A random sample of a stream of items of unknown length (Algorithm R)."""

    def __init__(self, size: int = SAMPLES) -> None:
        """Create an empty sample."""
        self._size = size
        self._seen = 0
        self.items: list[RawItem] = []

    def pass_through(self, items: Iterable[RawItem]) -> Iterable[RawItem]:
        """Yield all items, and keep some of them."""
        for item in items:
            self._seen += 1
            if len(self.items) < self._size:
                self.items.append(item)
            elif (index := random.randrange(self._seen)) < self._size:  # noqa: S311 (a sample, not a secret)
                self.items[index] = item
            yield item


def compare(client: Any, source: str, counts: Counter[str], samples: Sequence[RawItem], as_of: datetime) -> Comparison:  # noqa: ANN401
    """Compare a restored table with its source.

    The source may have gained items and lost others since, so every item that it still has from before must be there.

    Args:
        client: of DynamoDB.
        source: name of the table that was restored.
        counts: number of items in the restored table, by kind.
        samples: items of the restored table.
        as_of: the instant that the restored table shows.
    """
    before = (as_of - SETTLED).astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    older: Counter[str] = Counter()
    for item in scan(client, source):
        if item.get("created_at", {}).get("S", before) < before:
            older[item.get("kind", {}).get("S", "")] += 1
    found = Comparison(missing=older - counts)
    for batch in batched(samples, BATCH, strict=False):
        stored = _stored(client, source, batch)
        for item in batch:
            _compare_item(item, stored.get(_key(item)), found)
    return found


def _compare_item(restored: RawItem, stored: RawItem | None, found: Comparison) -> None:
    if stored == restored:
        found.same += 1
    elif stored is None or "version" not in restored or any(restored.get(n) != stored.get(n) for n in REWRITTEN):
        found.changed += 1
    else:
        found.different += 1


def _stored(client: Any, table: str, items: Iterable[RawItem]) -> dict[tuple[str, str], RawItem]:  # noqa: ANN401
    wanted: Any = {table: {"Keys": [{"pk": item["pk"], "sk": item["sk"]} for item in items], "ConsistentRead": True}}
    found: dict[tuple[str, str], RawItem] = {}
    while wanted:
        answer = client.batch_get_item(RequestItems=wanted)
        found |= {_key(item): item for item in answer["Responses"].get(table, [])}
        wanted = answer.get("UnprocessedKeys")
    return found


def _key(item: RawItem) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
