"""The cache of this process: the entries that were used last, bounded by their number and their size."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

MAX_ENTRIES = 10_000
MAX_BYTES = 32 * 1024 * 1024
"""A sixteenth of a function's memory."""
OVERHEAD = 300
"""Bytes that an entry takes besides its key and its value: measured on Python 3.13."""


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    ends: float
    size: int


class Memory:
    """Values by key, each until a time; the least recently used ones make room."""

    def __init__(
        self,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = Lock()
        self.size = 0
        """Bytes of all entries."""

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> bytes | None:
        """Return the value of a key; None if there is none, or its time is over."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry.ends <= self._clock():
                self._drop(key)
                return None
            self._entries.move_to_end(key)
            return entry.value

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Store a value for some seconds. One that would take a quarter of the room is not stored."""
        size = len(key) + len(value) + OVERHEAD
        with self._lock:
            self._drop(key)
            if size > self._max_bytes // 4:
                return
            self._entries[key] = _Entry(value, self._clock() + seconds, size)
            self.size += size
            while len(self._entries) > self._max_entries or self.size > self._max_bytes:
                self._drop(next(iter(self._entries)))

    def delete(self, key: str) -> None:
        """Delete the value of a key, if it has one."""
        with self._lock:
            self._drop(key)

    def delete_below(self, prefix: str) -> None:
        """Delete every value whose key starts with a prefix."""
        with self._lock:
            for key in [key for key in self._entries if key.startswith(prefix)]:
                self._drop(key)

    def clear(self) -> None:
        """Delete everything."""
        self.delete_below("")

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry.size
