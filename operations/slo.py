"""The service level objectives, by class of endpoint. `make docs` compiles them into alarms, a dashboard and a page.

An objective is a share of good requests within `WINDOW_DAYS`. A request is bad for *availability* if its response is
5XX, and bad for *latency* if it takes longer than `slow_ms` at the gateway, cold starts included. The burn rate is the
share of bad requests divided by the share that the objective allows: at 1, the error budget lasts exactly the window.

https://sre.google/workbook/alerting-on-slos/ ("Multiwindow, Multi-Burn-Rate Alerts")
"""

from collections.abc import Iterator
from dataclasses import dataclass

WINDOW_DAYS = 30
FEWEST_BAD = 5
"""Bad requests in the long window below which no alarm is raised: one failure of ten requests says little."""


@dataclass(frozen=True, kw_only=True)
class EndpointClass:
    """Endpoints with the same objectives.

    Attributes:
        name: in names of metrics and alarms.
        what: description, for the page.
        routes: how its routes begin.
        methods: its methods; all, if empty.
        availability: share of requests without a 5XX response.
        within: share of requests that take at most `slow_ms`.
        slow_ms: milliseconds from the request's arrival at the gateway to its response.
    """

    name: str
    what: str
    routes: tuple[str, ...]
    methods: tuple[str, ...] = ()
    availability: float
    within: float = 0.99
    slow_ms: int

    def fits(self, method: str, route: str) -> bool:
        """Return whether an endpoint may belong to the class; the first class that fits has it."""
        return route.startswith(self.routes) and (not self.methods or method in self.methods)


CLASSES = (
    EndpointClass(
        name="SignIn",
        what="Registration, sign-in, tokens and sessions; they hash passwords and sign by KMS.",
        routes=("/v1/auth/", "/oauth2/"),
        availability=0.999,
        slow_ms=2000,
    ),
    EndpointClass(
        name="Orders",
        what="Placing, reading and cancelling orders.",
        routes=("/v1/orders",),
        availability=0.9995,
        slow_ms=1500,
    ),
    EndpointClass(
        name="Graphql",
        what="The GraphQL endpoint, queries and mutations.",
        routes=("/graphql",),
        availability=0.999,
        slow_ms=1500,
    ),
    EndpointClass(
        name="Reads",
        what="All other reads below `/v1/`.",
        routes=("/v1/",),
        methods=("GET", "HEAD"),
        availability=0.999,
        slow_ms=1000,
    ),
    EndpointClass(
        name="Writes",
        what="All other changes below `/v1/`.",
        routes=("/v1/",),
        methods=("POST", "PUT", "PATCH", "DELETE"),
        availability=0.999,
        slow_ms=1500,
    ),
)
"""In order: an endpoint belongs to the first class that fits."""

OUTSIDE = ("/.well-known/", "/docs", "/health", "/openapi.json", "/{proxy+}")
"""Routes without an objective: pages, probes and unknown paths. `/` is one too."""


@dataclass(frozen=True, kw_only=True)
class BurnRate:
    """A burn rate that raises an alarm while both of its windows exceed it.

    The long window proves that it matters, and the short one ends the alarm soon after the cause.

    Attributes:
        name: in names of alarms.
        rate: the threshold.
        long_minutes: length of the long window.
        short_minutes: length of the short window.
        reaction: what the alarm asks for.
    """

    name: str
    rate: float
    long_minutes: int
    short_minutes: int
    reaction: str

    @property
    def spent(self) -> float:
        """The share of the error budget that is spent when the long window is full."""
        return self.rate * self.long_minutes / (WINDOW_DAYS * 24 * 60)


BURN_RATES = (
    BurnRate(name="Fast", rate=14.4, long_minutes=60, short_minutes=5, reaction="act now"),
    BurnRate(name="Slow", rate=6, long_minutes=360, short_minutes=30, reaction="act today"),
)


def class_of(method: str, route: str) -> EndpointClass | None:
    """Return the class of an endpoint; None if it has no objective."""
    return next((each for each in CLASSES if each.fits(method, route)), None)


def before(chosen: EndpointClass) -> Iterator[str]:
    """Yield how the routes of earlier classes begin that this class would include as well."""
    for earlier in CLASSES[: CLASSES.index(chosen)]:
        # One that differs by its methods only says so itself.
        yield from (start for start in earlier.routes if start.startswith(chosen.routes) and start not in chosen.routes)
