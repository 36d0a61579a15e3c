"""The state of a rate limit, and the error when it is exceeded."""

from collections.abc import Sequence
from dataclasses import dataclass

from lamina.errors import LaminaError, Problem


@dataclass(frozen=True)
class Quota:
    """The state of a rate limit for one subject.

    Attributes:
        limit: the number of requests allowed in the window.
        remaining: the number of requests left.
        reset: seconds until the oldest counted request leaves the window, at least 1.
    """

    limit: int
    remaining: int
    reset: int


class RateLimited(LaminaError):
    """The rate limit is exceeded; `quota` states when to retry, if it is known."""

    code = "RATE_LIMITED"
    message = "Too many requests. Retry after the number of seconds in Retry-After."

    def __init__(self, quota: Quota | None = None, *, details: Sequence[Problem] = ()) -> None:
        super().__init__(details=details)
        self.quota = quota
