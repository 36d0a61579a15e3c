"""The edge of the machine in memory: what a table and its indexes answer to the queries of a sharded list."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from pynamodb.expressions.condition import Condition

from lamina.storage import sharded_list
from lamina.storage.item import Entry


@dataclass
class FakePartitions:
    """One index, or the table: sort keys by partition, queried as DynamoDB does it, in chunks.

    Attributes:
        rows: the sort keys.
        read: how many entries were read, as DynamoDB would bill them.
        calls: how many Query calls were made.
    """

    attribute: str
    rows: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    read: int = 0
    calls: int = 0

    def query(
        self, partition: str, condition: Condition | None, *, scan_index_forward: bool, page_size: int
    ) -> Iterator[SimpleNamespace]:
        """Answer like PynamoDB: lazily, one call a chunk."""
        keys = sorted((key for key in self.rows[partition] if _holds(condition, key)), key=str.encode)
        keys = keys if scan_index_forward else keys[::-1]
        for start in range(0, max(len(keys), 1), page_size):
            chunk = keys[start : start + page_size]
            self.calls += 1
            self.read += len(chunk)
            yield from (SimpleNamespace(**{self.attribute: key}) for key in chunk)


def _holds(condition: Condition | None, key: str) -> bool:
    if condition is None:
        return True
    low, *high = [str(value.value["S"]) for value in condition.values[1:]]
    match condition.operator:
        case "begins_with":
            return key.startswith(low)
        case "<=":
            return key.encode() <= low.encode()
        case ">=":
            return key.encode() >= low.encode()
        case "BETWEEN":
            assert low.encode() <= high[0].encode(), "DynamoDB refuses a range that ends before it begins"
            return low.encode() <= key.encode() <= high[0].encode()
        case other:
            raise AssertionError(other)


@pytest.fixture
def fake_index(monkeypatch: pytest.MonkeyPatch) -> FakePartitions:
    """An empty gsi1, in place of the table's."""
    index = FakePartitions("gsisk")
    _install(monkeypatch, gsi1=index)
    return index


@pytest.fixture
def fake_table(monkeypatch: pytest.MonkeyPatch) -> FakePartitions:
    """An empty table, in place of the real one."""
    table = FakePartitions("sk")
    _install(monkeypatch, query=table.query)
    return table


def _install(monkeypatch: pytest.MonkeyPatch, **parts: Any) -> None:
    monkeypatch.setattr(sharded_list, "Entry", SimpleNamespace(gsisk=Entry.gsisk, sk=Entry.sk, **parts))
