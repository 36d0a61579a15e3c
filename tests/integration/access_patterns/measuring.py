"""Measures all access patterns, one by one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lamina.access.policy import Role
from lamina.cache import values
from tests.integration.access_patterns import accounts, jobs, orders, posts, products, webhooks
from tests.integration.access_patterns.pattern import Pattern, World
from tests.integration.metering import Bill, Meter
from tests.support.aws import Answer, make_user, signed_in
from tests.support.people import verified

AUTHORIZER = "gateway/authorizer"
PATTERNS = [pattern for subject in (accounts, posts, products, orders, jobs, webhooks) for pattern in subject.PATTERNS]


@dataclass(frozen=True)
class Figure:
    """A pattern measured on a table of some size."""

    name: str
    endpoint: str
    calls: dict[str, int]
    keys: dict[str, int]
    reads: float
    writes: float


def measure(meter: Meter) -> list[Figure]:
    """Ask everything once."""
    admin, _ = signed_in("the.admin", Role.ADMIN)
    viewer, somebody = signed_in("the.viewer")
    verified(somebody)
    figures = []
    for number, pattern in enumerate(PATTERNS):
        world = World(admin, viewer, make_user(f"somebody.{number:02}", metadata={"team": "blue"}, email_verified=True))
        prepared = pattern.prepare(world)
        if not pattern.cached:
            values.memory.clear()
        # What the authorizer reads comes on top of every call of somebody signed in, and is a pattern of its own.
        with meter.running(but="" if pattern.act is accounts.authorized else AUTHORIZER) as bill:
            outcome = pattern.act(world, prepared)
        assert not isinstance(outcome, Answer) or outcome.status < 400, (pattern.name, outcome)
        figures.append(_figure(pattern, bill))
    return figures


def _figure(pattern: Pattern, bill: Bill) -> Figure:
    return Figure(pattern.name, pattern.endpoint, dict(bill.calls), dict(bill.keys), bill.reads, bill.writes)


def as_data(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """Return figures in a form that JSON can hold."""
    return [asdict(figure) for figure in figures]
