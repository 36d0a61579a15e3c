"""A circuit breaker in the process, for what is only worth asking while it answers faster than the table.

`lamina.resilience.circuit` keeps its state in the table: a read of it takes longer than the call that it would prevent.
"""

import time
from collections.abc import Callable
from threading import Lock

FAILURES = 3
"""Failures in a row that open the circuit."""
RESET_SECONDS = 30.0
"""How long an open circuit blocks every call, until a single one may probe."""


class Breaker:
    """Counts failures in a row. A rate over a minute would be too slow: after thousands of hits a server that hangs
    would have to delay as many requests.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        reset_seconds: float = RESET_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._reset_seconds = reset_seconds
        self._clock = clock
        self._failures = 0
        self._closed_from = 0.0
        self._lock = Lock()

    def allows(self) -> bool:
        """Return whether to call: the circuit is closed, or this call is the probe."""
        with self._lock:
            if self._failures < self._most:
                return True
            if self._clock() < self._closed_from:
                return False
            self._closed_from = self._clock() + self._reset_seconds  # others wait for the outcome of this one
            return True

    def succeeded(self) -> None:
        """Close the circuit."""
        with self._lock:
            self._failures = 0

    def failed(self) -> bool:
        """Count a failure, and return whether it has opened the circuit."""
        with self._lock:
            self._failures += 1
            self._closed_from = self._clock() + self._reset_seconds
            return self._failures == self._most
