"""The items of every table and the unread part of every stream, in SQLite, written as they change.

See `saving.py` for why. A row of `items` is an item in DynamoDB's JSON; `records` holds the stream records from the
slowest mapping's position on; `positions` how far each mapping has read; `streams` where each stream ends.
"""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ministack.services import dynamodb, lambda_svc

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;  -- it is a killed process that must not lose data, not a machine without power
CREATE TABLE IF NOT EXISTS items (tbl TEXT, pk TEXT, sk TEXT, item TEXT, PRIMARY KEY (tbl, pk, sk)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (tbl TEXT, position INTEGER, record TEXT, PRIMARY KEY (tbl, position));
CREATE TABLE IF NOT EXISTS streams (tbl TEXT PRIMARY KEY, ends INTEGER);
CREATE TABLE IF NOT EXISTS positions (mapping TEXT PRIMARY KEY, position INTEGER);
"""
# Read records that stay in memory, for whoever reads the stream by hand. AWS keeps 24 hours of them.
READ_RECORDS_KEPT = 1000

type Table = dict[str, Any]
type Key = tuple[str, str]


@dataclass
class Change:
    """What one flush writes, as one transaction."""

    gone_tables: list[str] = field(default_factory=list)
    items: list[tuple[str, str, str, str]] = field(default_factory=list)
    deleted: list[tuple[str, str, str]] = field(default_factory=list)
    records: list[tuple[str, int, str]] = field(default_factory=list)
    streams: list[tuple[str, int, int]] = field(default_factory=list)
    """Table, where its stream ends, and before which position its records are read by all."""
    positions: list[tuple[str, int]] = field(default_factory=list)


class ItemStore:
    """The database beside the local AWS's own state files."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.executescript(SCHEMA)
        self._dirty: dict[str, set[Key]] = {}
        self._known: dict[str, object] = {}
        self._saved: dict[str, tuple[int, int]] = {}
        self._saved_positions: dict[str, int] = {}
        self._trimming = threading.Lock()

    def watch(self) -> None:
        """Record each item that changes from now on, and release items that were only read."""
        put, remove, replaced = dynamodb._set_item, dynamodb._remove_item, dynamodb._items_replaced

        def put_and_note(table: Table, pk: str, sk: str, item: Table) -> Any:
            self._note(table, [(pk, sk)])
            return put(table, pk, sk, item)

        def remove_and_note(table: Table, pk: str, sk: str) -> Any:
            self._note(table, [(pk, sk)])
            return remove(table, pk, sk)

        def replaced_and_noted(table: Table) -> None:
            replaced(table)
            self._note(table, _keys(table))

        dynamodb._set_item, dynamodb._remove_item = put_and_note, remove_and_note
        dynamodb._items_replaced = replaced_and_noted
        trim_before_polling(self._trimming)

    async def flush(self) -> None:
        """Write what has changed since the last time; one call at a time. The loop is held while rows are made only."""
        dirty, self._dirty = self._dirty, {}
        change = self._collect(dirty)
        if change == Change():
            return
        try:
            await asyncio.to_thread(self._write, change)
        except BaseException:
            for arn, keys in dirty.items():
                self._dirty.setdefault(arn, set()).update(keys)
            self._saved.clear()
            self._saved_positions.clear()
            raise

    def restore_items(self) -> None:
        """Fill the tables that were restored empty, and put their streams back where they were."""
        tables = _tables()
        for arn, item in self._database.execute("SELECT tbl, item FROM items"):
            if arn in tables:
                _put_back(tables[arn], json.loads(item))
        for arn, table in tables.items():
            dynamodb._update_counts(table)
            self._known[arn] = _identity(table)
        for arn, ends in self._database.execute("SELECT tbl, ends FROM streams"):
            if arn in tables:
                self._restore_stream(arn, ends)

    def restore_positions(self) -> None:
        """Restore each mapping to where it had been read to."""
        for mapping, position in self._database.execute("SELECT mapping, position FROM positions"):
            lambda_svc._dynamodb_stream_positions._data[tuple(json.loads(mapping))] = position

    def _restore_stream(self, arn: str, ends: int) -> None:
        rows = self._database.execute("SELECT record FROM records WHERE tbl = ? ORDER BY position", (arn,))
        records = [json.loads(record) for (record,) in rows]
        key = _scoped_name(arn)
        dynamodb._stream_records._data[key] = records
        dynamodb._stream_trimmed._data[key] = ends - len(records)

    def _note(self, table: Table, keys: list[Key]) -> None:
        self._dirty.setdefault(table["TableArn"], set()).update(keys)

    def _collect(self, dirty: dict[str, set[Key]]) -> Change:
        change = Change()
        tables = _tables()
        for arn, identity in list(self._known.items()):
            if arn not in tables or _identity(tables[arn]) != identity:
                change.gone_tables.append(arn)
                self._saved.pop(arn, None)
        self._known = {arn: _identity(table) for arn, table in tables.items()}
        for arn, keys in dirty.items():
            if arn in tables:
                _collect_items(change, arn, tables[arn], keys)
        with self._trimming:
            self._collect_streams(change, tables)
        return change

    def _collect_streams(self, change: Change, tables: dict[str, Table]) -> None:
        positions = lambda_svc._dynamodb_stream_positions._data
        current = {json.dumps(key): position for key, position in list(positions.items())}
        change.positions = [pair for pair in current.items() if self._saved_positions.get(pair[0]) != pair[1]]
        self._saved_positions = current
        for arn in tables:
            records, trimmed = _stream(arn)
            if not records and not trimmed:
                continue
            ends, read = trimmed + len(records), _read_by_all(arn)
            saved_end, saved_read = self._saved.get(arn, (0, -1))
            if (ends, read) == (saved_end, saved_read):
                continue
            start = max(saved_end, read, trimmed)
            fresh = records[start - trimmed :]
            change.records += [(arn, start + index, json.dumps(record)) for index, record in enumerate(fresh)]
            change.streams.append((arn, ends, read))
            self._saved[arn] = (ends, read)

    def _write(self, change: Change) -> None:
        with self._database as database:
            for arn in change.gone_tables:
                for name in ("items", "records", "streams"):
                    database.execute(f"DELETE FROM {name} WHERE tbl = ?", (arn,))  # noqa: S608  names of our own
            database.executemany("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", change.items)
            database.executemany("DELETE FROM items WHERE tbl = ? AND pk = ? AND sk = ?", change.deleted)
            database.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", change.records)
            for arn, ends, read in change.streams:
                database.execute("INSERT OR REPLACE INTO streams VALUES (?, ?)", (arn, ends))
                database.execute("DELETE FROM records WHERE tbl = ? AND position < ?", (arn, read))
            database.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?)", change.positions)


def _tables() -> dict[str, Table]:
    return {table["TableArn"]: table for table in list(dynamodb._tables._data.values())}


def _keys(table: Table) -> list[Key]:
    return [(pk, sk) for pk, group in table["items"].items() for sk in group]


def _identity(table: Table) -> object:
    """Distinguishes a table from another of the same name that replaced it."""
    return table.get("TableId"), table.get("CreationDateTime")


def _collect_items(change: Change, arn: str, table: Table, keys: set[Key]) -> None:
    for pk, sk in keys:
        item = table["items"].get(pk, {}).get(sk)
        # As JSON: a key may hold a lone surrogate, which SQLite would refuse.
        row = (arn, json.dumps(pk), json.dumps(sk))
        if item is None:
            change.deleted.append(row)
        else:
            change.items.append((*row, json.dumps(item)))


def _put_back(table: Table, item: Table) -> None:
    pk = dynamodb._extract_key_val(item[table["pk_name"]])
    sk = dynamodb._extract_key_val(item[table["sk_name"]]) if table["sk_name"] else "__no_sort__"
    table["items"][pk][sk] = item


def _scoped_name(arn: str) -> tuple[str, str, str]:
    """MiniStack's key of the table: account, region, name."""
    _, _, _, region, account, resource = arn.split(":", 5)
    return account, region, resource.removeprefix("table/")


def _stream(arn: str) -> tuple[list[Table], int]:
    """Return the records in memory, and the number of those before them."""
    key = _scoped_name(arn)
    return dynamodb._stream_records._data.get(key) or [], dynamodb._stream_trimmed._data.get(key, 0)


def _read_by_all(arn: str) -> int:
    """Return the position up to which every mapping of the table's stream has read; the end where nobody reads."""
    records, trimmed = _stream(arn)
    return min(_positions(arn), default=trimmed + len(records))


def _positions(arn: str) -> Iterator[int]:
    for key, mapping in list(lambda_svc._esms._data.items()):
        if mapping.get("EventSourceArn", "").split("/stream/")[0] == arn:
            yield lambda_svc._dynamodb_stream_positions._data.get(key, 0)


def trim_before_polling(trimming: threading.Lock) -> None:
    """Drop read records in the poller's own thread: it must not see them shift while it reads.

    Args:
        trimming: held meanwhile.
    """
    poll = lambda_svc._poll_dynamodb_streams

    def trim_and_poll() -> bool:
        with trimming:
            for arn in _tables():
                _drop_read_records(arn)
        return bool(poll())

    lambda_svc._poll_dynamodb_streams = trim_and_poll


def _drop_read_records(arn: str) -> None:
    records, trimmed = _stream(arn)
    droppable = min(_read_by_all(arn) - trimmed, len(records)) - READ_RECORDS_KEPT
    if droppable > 0:
        del records[:droppable]
        dynamodb._stream_trimmed._data[_scoped_name(arn)] = trimmed + droppable
