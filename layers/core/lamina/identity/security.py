"""Security events: what an operator wants to be told of, as log lines and as events of the user.

Neither ever holds a password, a token, a code or a key.
"""

from lamina.events.cause import Cause
from lamina.events.event_type import Fact
from lamina.events.outbox import OutboxItem, event
from lamina.observability.logs import logger


def security_event(name: str, user_id: str | None, cause: Cause, **facts: object) -> None:
    """Log that something happened which matters for security.

    Args:
        name: thing and past participle (`session.started`).
        user_id: whose account; None where there is none.
        cause: the request.
        facts: ids and counts, never secrets or personal data.
    """
    logger.info(
        "security",
        extra={"security_event": name, "user_id": user_id, "correlation_id": cause.correlation_id, **facts},
    )


def account_event(fact: Fact, user_id: str, cause: Cause) -> OutboxItem:
    """Compose the outbox item of a security event, which becomes an activity of the user; and log it."""
    security_event(fact.type.name, user_id, cause, **fact.data)
    return event(fact, user_id, actor=cause.actor or user_id, correlation_id=cause.correlation_id)
