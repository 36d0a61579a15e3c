"""Security events, recorded as log lines and as events of the user.

They never contain passwords, tokens, codes or keys.
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
    """Log a security event.

    Args:
        name: subject and past participle (`session.started`).
        user_id: the account; None if there is none.
        context: the request.
        facts: ids and counts, never secrets or personal data.
    """
    logger.info(
        "security",
        extra={"security_event": name, "user_id": user_id, "correlation_id": context.correlation_id, **facts},
    )


class DecoyItem(Item, discriminator="decoy"):
    """Written instead of an event if there is no account: `DECOY#<random>` / `DECOY`, for an hour.

    This makes the work the same whether or not an account exists. Each is in a partition of its own and is not
    published.
    """


def event_or_decoy(fact: Fact, user_id: str | None, context: RequestContext) -> Item:
    """Log a security event and return its outbox item, or a decoy if there is no account."""
    if user_id is not None:
        return account_event(fact, user_id, context)
    security_event(fact.type.name, None, context)
    return DecoyItem(key("DECOY", ids.new_id()), "DECOY", expires_at=ids.epoch_in(DECOY_SECONDS))


def account_event(fact: Fact, user_id: str, context: RequestContext) -> OutboxItem:
    """Log a security event and return its outbox item, which becomes an activity of the user."""
    security_event(fact.type.name, user_id, context, **fact.data)
    return event(fact, user_id, actor=context.actor or user_id, correlation_id=context.correlation_id)
