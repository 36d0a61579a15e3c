"""The origin of a change."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RequestContext:
    """The origin of a change, recorded with every event and item.

    Attributes:
        actor: id of the user who caused the change; None for the system and for anonymous callers.
        correlation_id: correlation id of the request or message.
        request: fingerprint of the caller's idempotency key, a colon, and a digest of the body; `""` without a key. A
            retry after a crash has the same value.
    """

    actor: str | None
    correlation_id: str
    request: str = ""
