"""How far a migration is: an item with the lease of the process that runs it, and the position of each segment.

Every write is conditional: that of the head on the lease, that of a segment on the version that was read. A process
that has lost its lease can store nothing more, and what it still changes is what its successor would change as well.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self
from uuid import uuid4

from botocore.exceptions import ClientError

from operations.migrations.catalog import Direction
from operations.migrations.rewriting import REFUSED, RawItem, Table

LEASE_SECONDS = 20
"""How long a process that was killed keeps others out. It is renewed every third of that."""


class Status(StrEnum):
    """The status of a migration."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    UNDONE = "undone"


class LeaseLost(Exception):
    """Another process runs the migration; the message says until when it holds the lease."""


@dataclass
class Head:
    """The state of a migration: `MIGRATION#<name>` / `STATE`.

    Attributes:
        name: of the migration.
        status: where it is.
        direction: of the current or last run.
        passes: number of the current pass over the table, from 1.
        changed: items changed, in all passes that are complete; a process that is killed has counted one page less.
        segments: number of segments of the current run.
        updated_at: when its status last changed.
        lease: id of the process that runs it, "" if none does.
        lease_until: Unix time at which another process may take over.
    """

    name: str
    status: Status = Status.PENDING
    direction: Direction = Direction.FORWARD
    passes: int = 0
    changed: int = 0
    segments: int = 0
    updated_at: str = ""
    lease: str = ""
    lease_until: float = 0.0

    def raw(self) -> dict[str, Any]:
        """Return the item."""
        numbers = {name: getattr(self, name) for name in ("passes", "changed", "segments", "lease_until")}
        texts = {name: getattr(self, name) for name in ("status", "direction", "updated_at", "lease")}
        return {
            **_key(self.name, "STATE"),
            "kind": {"S": "migration"},
            "schema_version": {"N": "1"},
            **{name: {"N": str(number)} for name, number in numbers.items()},
            **{name: {"S": str(text)} for name, text in texts.items()},
        }

    @classmethod
    def of(cls, name: str, item: RawItem) -> Self:
        """Return the state in an item."""
        return cls(
            name,
            Status(item["status"]["S"]),
            Direction(item["direction"]["S"]),
            passes=int(item["passes"]["N"]),
            changed=int(item["changed"]["N"]),
            segments=int(item["segments"]["N"]),
            updated_at=item["updated_at"]["S"],
            lease=item["lease"]["S"],
            lease_until=float(item["lease_until"]["N"]),
        )


@dataclass
class Segment:
    """A part of the table: `MIGRATION#<name>` / `SEGMENT#<number>`, while the migration runs.

    Attributes:
        number: of the segment, from 0.
        passes: the pass that the rest belongs to.
        position: key of the last item read; None at the start.
        ended: whether all items were read.
        read: number of items read.
        changed: number of items changed.
        version: of the stored segment, 0 if it is not stored.
    """

    number: int
    passes: int
    position: Mapping[str, Any] | None = None
    ended: bool = False
    read: int = 0
    changed: int = 0
    version: int = field(default=0, compare=False)


class Store:
    """The states of migrations in a table, for one process."""

    def __init__(self, table: Table) -> None:
        """Create a store; the process gets an id for its leases."""
        self._table = table
        self._process = str(uuid4())

    def head(self, name: str) -> Head:
        """Return the state of a migration: one consistent read."""
        asked = {"TableName": self._table.name, "Key": _key(name, "STATE"), "ConsistentRead": True}
        item = self._table.client.get_item(**asked).get("Item")
        return Head.of(name, item) if item else Head(name)

    def acquire(self, name: str) -> Head:
        """Acquire the lease of a migration, if no process holds it, and return its state.

        Raises:
            LeaseLost: if another process holds it.
        """
        head = self.head(name)
        now = time.time()
        if head.lease and head.lease_until > now:
            raise LeaseLost(f"another process runs {name}; its lease ends in {head.lease_until - now:.0f} s")
        before, head.lease, head.lease_until = head.lease, self._process, now + LEASE_SECONDS
        self._save(head, "attribute_not_exists(pk) OR lease = :before", before)
        return head

    def save(self, head: Head) -> None:
        """Store the state, and renew the lease.

        Raises:
            LeaseLost: if another process has taken over.
        """
        head.lease_until = time.time() + LEASE_SECONDS
        self._save(head, "lease = :before", self._process)

    def release(self, head: Head) -> None:
        """Store the state, and end the lease, if it is still held."""
        head.lease, head.lease_until = "", 0.0
        try:
            self._save(head, "lease = :before", self._process)
        except LeaseLost:
            return

    def segments(self, name: str) -> list[Segment]:
        """Return the stored segments of a migration, in order."""
        asked = {
            "TableName": self._table.name,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": {":pk": _key(name, "")["pk"], ":prefix": {"S": "SEGMENT#"}},
            "ConsistentRead": True,
        }
        pages = self._table.client.get_paginator("query").paginate(**asked)
        return [_segment(item) for page in pages for item in page["Items"]]

    def save_segment(self, name: str, segment: Segment) -> None:
        """Store how far a segment is.

        Raises:
            LeaseLost: if another process has stored it meanwhile.
        """
        item = {
            **_key(name, f"SEGMENT#{segment.number:04}"),
            "kind": {"S": "migration_segment"},
            "schema_version": {"N": "1"},
            "version": {"N": str(segment.version + 1)},
            "ended": {"BOOL": segment.ended},
            **{each: {"N": str(getattr(segment, each))} for each in ("number", "passes", "read", "changed")},
        }
        if segment.position:
            item["position"] = {"M": dict(segment.position)}
        condition = "#v = :before" if segment.version else "attribute_not_exists(pk)"
        self._put(item, condition, {"N": str(segment.version)} if segment.version else None, {"#v": "version"})
        segment.version += 1

    def remove_segments(self, name: str) -> None:
        """Delete the segments: their positions are keys of items, and may name a person."""
        for segment in self.segments(name):
            key = _key(name, f"SEGMENT#{segment.number:04}")
            self._table.client.delete_item(TableName=self._table.name, Key=key)

    def _save(self, head: Head, condition: str, before: str) -> None:
        self._put(head.raw(), condition, {"S": before})

    def _put(
        self,
        item: Mapping[str, Any],
        condition: str,
        before: Mapping[str, str] | None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        asked: dict[str, Any] = {"TableName": self._table.name, "Item": item, "ConditionExpression": condition}
        if before:
            asked["ExpressionAttributeValues"] = {":before": before}
            if names:
                asked["ExpressionAttributeNames"] = names
        try:
            self._table.client.put_item(**asked)
        except ClientError as error:
            if error.response["Error"]["Code"] == REFUSED:
                raise LeaseLost("another process has taken over this migration") from error
            raise


def instant() -> str:
    """Return the current time as RFC 3339 text."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _key(name: str, sort: str) -> dict[str, Any]:
    return {"pk": {"S": f"MIGRATION#{name}"}, "sk": {"S": sort}}


def _segment(item: RawItem) -> Segment:
    numbers = {name: int(item[name]["N"]) for name in ("number", "passes", "read", "changed", "version")}
    position = item["position"]["M"] if "position" in item else None
    return Segment(position=position, ended=bool(item["ended"]["BOOL"]), **numbers)
