"""When a delivery is tried again, and when an endpoint that fails is asked whether it is well."""

import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lamina import ids
from lamina.webhooks.model import DISABLED_AFTER_DAYS

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600

SCHEDULE = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, *[10 * HOUR] * 7)
"""Seconds from one try to the next: three days and a few hours in all (Standard Webhooks, "Deliverability")."""
LONGEST_ASKED_SECONDS = 10 * HOUR
"""What an endpoint may ask for: as long as the longest wait of the schedule."""
GIVEN_UP_SECONDS = DISABLED_AFTER_DAYS * DAY
"""When a delivery is given up that has spent its days waiting for its endpoint."""
PROBES = (5, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE)
"""Seconds from one question to the next; the last of them goes on."""
PARKED_SECONDS = HOUR
"""When a delivery that waits for its endpoint is looked at even if nobody has woken it."""
JITTER = 0.1
"""So much longer at the most, so that what failed together is not tried together again."""


def delay(tries: int, requested: float = 0) -> float | None:
    """Tell how long to wait after so many tries, at least as long as asked; None when it is enough."""
    return _spread(max(SCHEDULE[tries - 1], requested)) if tries <= len(SCHEDULE) else None


def asked_by(retry_after: str | None) -> float:
    """Read the seconds that an endpoint asks to wait (RFC 9110 section 10.2.3); none in what is past or nonsense.

    Args:
        retry_after: the value of the header: seconds or a date.
    """
    text = (retry_after or "").strip()
    if re.fullmatch("[0-9]+", text):
        seconds = float(text)
    else:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return 0
        # The oldest of the three forms of a date names no zone; all are UTC (section 5.6.7).
        instant = date.replace(tzinfo=date.tzinfo or UTC)
        seconds = (instant - datetime.fromisoformat(ids.now())).total_seconds()
    return min(max(seconds, 0), LONGEST_ASKED_SECONDS)


def probe_delay(probes: int) -> float:
    """Tell how long to leave an endpoint alone after so many probes that have failed."""
    return _spread(PROBES[min(probes, len(PROBES) - 1)])


def parked() -> float:
    """Tell how long a delivery waits for its endpoint at the most: up to double, so that not all come at once."""
    return PARKED_SECONDS * random.uniform(1, 2)  # noqa: S311 (jitter, not a secret)


def _spread(seconds: float) -> float:
    return seconds * random.uniform(1, 1 + JITTER)  # noqa: S311 (jitter, not a secret)
