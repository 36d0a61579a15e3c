"""When a delivery is tried again, and when an endpoint that fails is asked whether it is well."""

import random

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600

SCHEDULE = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, *[10 * HOUR] * 7)
"""Seconds from one try to the next: three days and a few hours in all (Standard Webhooks, "Deliverability")."""
GIVEN_UP_SECONDS = 4 * DAY
"""When a delivery is given up that has spent its days waiting for its endpoint."""
PROBES = (5, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE)
"""Seconds from one question to the next; the last of them goes on."""
PARKED_SECONDS = HOUR
"""When a delivery that waits for its endpoint is looked at even if nobody has woken it."""
JITTER = 0.1
"""So much longer at the most, so that what failed together is not tried together again."""


def delay(tries: int) -> float | None:
    """Tell how long to wait after so many tries; None when it is enough."""
    return _spread(SCHEDULE[tries - 1]) if tries <= len(SCHEDULE) else None


def probe_delay(probes: int) -> float:
    """Tell how long to leave an endpoint alone after so many probes that have failed."""
    return _spread(PROBES[min(probes, len(PROBES) - 1)])


def parked() -> float:
    """Tell how long a delivery waits for its endpoint at the most: up to double, so that not all come at once."""
    return PARKED_SECONDS * random.uniform(1, 2)  # noqa: S311 (jitter, not a secret)


def _spread(seconds: float) -> float:
    return seconds * random.uniform(1, 1 + JITTER)  # noqa: S311 (jitter, not a secret)
