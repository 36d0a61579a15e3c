"""How calls of a service have gone lately, in this process."""

import time
from collections import deque

WINDOW_SECONDS = 60
FEWEST_CALLS = 4
"""Of fewer calls, half say nothing of the service."""
SHARE = 0.5
"""Of the calls in the window: as many failures mean that the service is down."""


class Outcomes:
    """Calls of the last minute, each a success or a failure."""

    def __init__(self) -> None:
        self._calls: deque[tuple[float, bool]] = deque()

    def note(self, *, failed: bool) -> None:
        """Take down how a call went that has just ended."""
        now = time.monotonic()
        self._calls.append((now, failed))
        while self._calls[0][0] < now - WINDOW_SECONDS:
            self._calls.popleft()

    def are_bad(self) -> bool:
        """Tell whether there are enough calls, and half of them failures."""
        failures = sum(failed for _, failed in self._calls)
        return len(self._calls) >= FEWEST_CALLS and failures >= SHARE * len(self._calls)

    def forget(self) -> None:
        """Begin anew, as what was says nothing of what is."""
        self._calls.clear()
