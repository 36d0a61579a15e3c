"""Faults of the simulated provider: those of payment methods, and those that are switched on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

SLOW_SECONDS = 8.0
"""How long `pm_card_slow` takes."""
MAX_SECONDS = 120.0


@dataclass
class Faults:
    """Switches; each number is how many of the next changes (POST requests) it applies to.

    Attributes:
        errors: requests that answer 500 and do nothing.
        errors_after: requests that are executed and answer 500.
        drops: requests whose connection is closed, and that do nothing.
        losses: requests that are executed, and whose connection is closed without an answer.
        declines: charges that are declined, whatever the payment method.
        slow_seconds: how long every change takes; it is executed at the end.
        early_notifications: charges whose notification is sent before the answer.
        repeated_notifications: notifications that are sent twice.
        late_seconds: how long after a change its notification is sent.
        lost_notifications: notifications that are not sent.
    """

    errors: int = 0
    errors_after: int = 0
    drops: int = 0
    losses: int = 0
    declines: int = 0
    slow_seconds: float = 0
    early_notifications: int = 0
    repeated_notifications: int = 0
    late_seconds: float = 0
    lost_notifications: int = 0

    def take(self, name: str) -> bool:
        """Return whether a fault applies now, and count it."""
        left = int(getattr(self, name))
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0

    def set(self, given: Mapping[str, Any]) -> None:
        """Set the switches that are given, and reset the others.

        Raises:
            ValueError: for an unknown switch, or a value that is not a number in range.
        """
        known = {each.name: float if each.name.endswith("_seconds") else int for each in fields(self)}
        for name, value in given.items():
            kind = known.get(name)
            if kind is None:
                raise ValueError(f"{name} is not a fault: choose from {', '.join(known)}")
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10_000:  # noqa: PLR2004
                raise ValueError(f"{name} must be a number from 0 to 10,000")
            if name.endswith("_seconds") and value > MAX_SECONDS:
                raise ValueError(f"{name} must be at most {MAX_SECONDS:g}")
        for name, kind in known.items():
            setattr(self, name, kind(given.get(name, 0)))

    def as_json(self) -> dict[str, float]:
        """Return the switches."""
        return asdict(self)
