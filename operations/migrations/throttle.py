"""Limits the capacity that a maintenance run consumes, over all its threads."""

import threading
import time


class Stopped(Exception):
    """The run was asked to stop."""


class Throttle:
    """Spreads capacity units over time: threads wait until what they have consumed is within the rate."""

    def __init__(self, units_per_second: float, stop: threading.Event) -> None:
        """Create a throttle.

        Args:
            units_per_second: capacity units, read and written together; 0 for no limit.
            stop: ends every wait when it is set.
        """
        self._rate = units_per_second
        self._stop = stop
        self._lock = threading.Lock()
        self._free_at = time.monotonic()

    def spend(self, units: float) -> None:
        """Account for consumed units, and wait until they are within the rate.

        Raises:
            Stopped: if the run is to stop.
        """
        wait = self._reserve(units) if self._rate else 0.0
        if self._stop.wait(wait) if wait > 0 else self._stop.is_set():
            raise Stopped

    def _reserve(self, units: float) -> float:
        """Return how long to wait."""
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + units / self._rate
            return self._free_at - now
