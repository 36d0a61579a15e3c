"""Security events: what an operator wants to be told of, as log lines and as events of the user.

Neither ever holds a password, a token, a code or a key.
"""

from lamina import ids
from lamina.events.event_type import Fact
from lamina.events.outbox import OutboxItem, event
from lamina.events.request_context import RequestContext
from lamina.observability.logs import logger
from lamina.storage.item import Item
from lamina.storage.keys import key

DECOY_SECONDS = 3600


def security_event(name: str, user_id: str | None, context: RequestContext, **facts: object) -> None:
    """Log that something happened which matters for security.

    Args:
        name: thing and past participle (`session.started`).
        user_id: whose account; None where there is none.
        cause: the request.
        facts: ids and counts, never secrets or personal data.
    """
    logger.info(
        "security",
        extra={"security_event": name, "user_id": user_id, "correlation_id": context.correlation_id, **facts},
    )


class DecoyItem(Item, discriminator="decoy"):
    """What is written where an event would be, if there were an account: `DECOY#<random>` / `DECOY`, for an hour.

    So the work is the same whether there is one. Each lies in a partition of its own, and nothing is published of it.
    """


def event_or_decoy(fact: Fact, user_id: str | None, context: RequestContext) -> Item:
    """Compose the outbox item of a security event, or a decoy where there is no account; and log it."""
    if user_id is not None:
        return account_event(fact, user_id, context)
    security_event(fact.type.name, None, context)
    return DecoyItem(key("DECOY", ids.new_id()), "DECOY", expires_at=ids.epoch_in(DECOY_SECONDS))


def account_event(fact: Fact, user_id: str, context: RequestContext) -> OutboxItem:
    """Compose the outbox item of a security event, which becomes an activity of the user; and log it."""
    security_event(fact.type.name, user_id, context, **fact.data)
    return event(fact, user_id, actor=context.actor or user_id, correlation_id=context.correlation_id)
