"""The retry schedule of deliveries, and the probe schedule of failing endpoints."""

import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lamina import ids
from lamina.webhooks.model import DISABLED_AFTER_DAYS

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600

SCHEDULE = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, *[10 * HOUR] * 7)
"""Seconds between attempts: three days and a few hours in total (Standard Webhooks, "Deliverability")."""
LONGEST_ASKED_SECONDS = 10 * HOUR
"""Maximum `Retry-After` that is respected: the longest interval of the schedule."""
GIVEN_UP_SECONDS = DISABLED_AFTER_DAYS * DAY
"""Age at which a delivery is given up that only waited for its endpoint."""
PROBES = (5, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE)
"""Seconds between probes; the last value repeats."""
PARKED_SECONDS = HOUR
"""When a parked delivery is checked even if nobody has woken it."""
JITTER = 0.1
"""Maximum random extension of a delay, so that deliveries that failed together are not retried together."""


def delay(tries: int, requested: float = 0) -> float | None:
    """Return the delay in seconds after this number of attempts, at least as requested; None if no attempt is left."""
    return _spread(max(SCHEDULE[tries - 1], requested)) if tries <= len(SCHEDULE) else None


def asked_by(retry_after: str | None) -> float:
    """Return the seconds that an endpoint asks to wait (RFC 9110 section 10.2.3); 0 for a past or invalid value.

    Args:
        retry_after: value of the header: seconds or a date.
    """
    text = (retry_after or "").strip()
    if re.fullmatch("[0-9]+", text):
        seconds = float(text)
    else:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return 0
        # The oldest of the three date formats has no zone; all are UTC (section 5.6.7).
        instant = date.replace(tzinfo=date.tzinfo or UTC)
        seconds = (instant - datetime.fromisoformat(ids.now())).total_seconds()
    return min(max(seconds, 0), LONGEST_ASKED_SECONDS)


def probe_delay(probes: int) -> float:
    """Return the seconds until the next probe after this number of failed ones."""
    return _spread(PROBES[min(probes, len(PROBES) - 1)])


def parked() -> float:
    """Return the maximum waiting time of a parked delivery; random up to double, to spread the load."""
    return PARKED_SECONDS * random.uniform(1, 2)  # noqa: S311 (jitter, not a secret)


def _spread(seconds: float) -> float:
    return seconds * random.uniform(1, 1 + JITTER)  # noqa: S311 (jitter, not a secret)
