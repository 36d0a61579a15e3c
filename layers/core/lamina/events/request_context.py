"""Who and what brought a change about."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RequestContext:
    """What every event and item remembers of its origin.

    Attributes:
        actor: id of the user behind the change; None for the system and for anonymous callers.
        correlation_id: that of the request or message.
        request: fingerprint of the caller's idempotency key, a colon, and a digest of the body; `""` without a key. A
            retry after a crash has the same.
    """

    actor: str | None
    correlation_id: str
    request: str = ""
