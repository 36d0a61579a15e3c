"""The journal: what the local stack did, in SQLite, so that it is kept across restarts. The newest entries are kept."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEPT = 60_000
"""Number of newest entries that are kept."""
PRUNED_EVERY = 1_000
LONGEST_TEXT = 64 * 1024
SCHEMA = """
create table if not exists entries (
    number integer primary key autoincrement, kind text, trace text, correlation text, key text, at real, content text
);
create index if not exists by_trace on entries (trace);
create index if not exists by_correlation on entries (correlation);
create index if not exists by_key on entries (key);
create index if not exists by_kind on entries (kind, number);
"""
COLUMNS = "number, kind, trace, correlation, key, at, content"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened.

    Attributes:
        kind: `request`, `segment`, `invocation`, `calls`, `log`, `event`, `mail`, `socket` or `failure`.
        content: as JSON has it.
        trace: id of its trace; `""` where it is not known.
        correlation: its correlation id; as above.
        key: what else it is found by: the id of an invocation, an event or a mail.
        at: Unix time at which it happened.
        number: position in the journal.
    """

    kind: str
    content: dict[str, Any]
    trace: str = ""
    correlation: str = ""
    key: str = ""
    at: float = 0.0
    number: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as the console gets it."""
        found = {"number": self.number, "kind": self.kind, "trace": self.trace, "correlation": self.correlation}
        return {**found, "key": self.key, "at": self.at, "content": self.content}


type Follower = Callable[[Entry], None]


class Journal:
    """Entries in the order in which they were added; for one thread."""

    def __init__(self, file: Path | None) -> None:
        """Open a file, or keep everything in memory if it is None. A file that is no database is replaced."""
        try:
            self._database = _opened(file)
        except sqlite3.DatabaseError:
            assert file is not None  # noqa: S101  memory is always a database
            file.unlink()
            self._database = _opened(file)
        self._followers: set[Follower] = set()
        self._added = 0

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def add(self, entry: Entry) -> Entry:
        """Add an entry; return it with its number."""
        at = entry.at or time.time()
        content = json.dumps(entry.content, ensure_ascii=True, separators=(",", ":"))
        row = (entry.kind, entry.trace, entry.correlation, entry.key, at, content)
        number = self._database.execute(
            "insert into entries (kind, trace, correlation, key, at, content) values (?, ?, ?, ?, ?, ?)", row
        ).lastrowid
        added = Entry(entry.kind, entry.content, entry.trace, entry.correlation, entry.key, at, int(number or 0))
        self._added += 1
        if self._added % PRUNED_EVERY == 0:
            self._database.execute("delete from entries where number <= ?", (added.number - KEPT,))
        for follower in tuple(self._followers):
            follower(added)
        return added

    @contextlib.contextmanager
    def followed(self, follower: Follower) -> Any:  # noqa: ANN401  a context manager
        """Meanwhile, call a function with each entry that is added."""
        self._followers.add(follower)
        try:
            yield
        finally:
            self._followers.discard(follower)

    @property
    def newest(self) -> int:
        """Number of the newest entry; 0 where there is none."""
        return int(self._database.execute("select coalesce(max(number), 0) from entries").fetchone()[0])

    def select(self, where: str, parameters: Sequence[object] | dict[str, object] = (), tail: str = "") -> list[Entry]:
        """Return entries in their order, by a condition of SQL; `tail` replaces the order."""
        query = f"select {COLUMNS} from entries where {where} {tail or 'order by number'}"  # noqa: S608  our own conditions
        return [_entry(row) for row in self._database.execute(query, parameters)]

    def rows(self, query: str, parameters: Sequence[object] | dict[str, object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._database.execute(query, parameters).fetchall()

    def of(self, column: str, values: Iterable[str]) -> list[Entry]:
        """Return the entries whose `trace`, `correlation` or `key` is one of these."""
        wanted = sorted({value for value in values if value})
        assert column in {"trace", "correlation", "key"}  # noqa: S101  never from a caller
        marks = ",".join("?" * len(wanted))
        return self.select(f"{column} in ({marks})", wanted) if wanted else []


def _opened(file: Path | None) -> sqlite3.Connection:
    database = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = off")  # a crash of the machine may lose it, a kill of this process not
        database.executescript(SCHEMA)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _entry(row: tuple[Any, ...]) -> Entry:
    number, kind, trace, correlation, key, at, content = row
    return Entry(kind, json.loads(content), trace, correlation, key, at, number)
