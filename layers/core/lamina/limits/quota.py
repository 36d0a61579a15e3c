"""Where somebody stands with a limit, and the refusal once it is reached."""

from collections.abc import Sequence
from dataclasses import dataclass

from lamina.errors import LaminaError, Problem


@dataclass(frozen=True)
class Quota:
    """Where a subject stands.

    Attributes:
        limit: how many requests the window takes.
        remaining: how many more.
        reset: seconds until the first of them no longer counts, at least 1.
    """

    limit: int
    remaining: int
    reset: int


class RateLimited(LaminaError):
    """Too many requests; `quota` says when to come back, if it is known."""

    code = "RATE_LIMITED"
    message = "Too many requests. Wait for the seconds that Retry-After names."

    def __init__(self, quota: Quota | None = None, *, details: Sequence[Problem] = ()) -> None:
        super().__init__(details=details)
        self.quota = quota
