"""Outcomes of recent calls to a service, in this process."""

import time
from collections import deque

WINDOW_SECONDS = 60
FEWEST_CALLS = 4
"""Minimum number of calls in the window; of fewer calls, the failure rate is not meaningful."""
SHARE = 0.5
"""Failure rate at which the service is considered down."""


class Outcomes:
    """Successes and failures of the last minute."""

    def __init__(self) -> None:
        self._calls: deque[tuple[float, bool]] = deque()

    def note(self, *, failed: bool) -> None:
        """Record the outcome of a call."""
        now = time.monotonic()
        self._calls.append((now, failed))
        while self._calls[0][0] < now - WINDOW_SECONDS:
            self._calls.popleft()

    def are_bad(self) -> bool:
        """Return whether there are enough calls and the failure rate is reached."""
        failures = sum(failed for _, failed in self._calls)
        return len(self._calls) >= FEWEST_CALLS and failures >= SHARE * len(self._calls)

    def forget(self) -> None:
        """Clear the recorded outcomes."""
        self._calls.clear()
