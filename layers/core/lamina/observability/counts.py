"""Counts events of a request, until its log line takes them as metrics (`lamina.observability.metrics.timed`)."""

from collections import Counter
from threading import Lock

_counts: Counter[str] = Counter()
_lock = Lock()


def count(name: str) -> None:
    """Count an event, by the name of its metric."""
    with _lock:
        _counts[name] += 1


def take() -> dict[str, int]:
    """Return what was counted since the last time, by name."""
    if not _counts:
        return {}
    with _lock:
        taken = dict(sorted(_counts.items()))
        _counts.clear()
    return taken
