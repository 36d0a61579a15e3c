"""Tries to prove something, and what is told of them."""

from lamina.events.catalog import ACCOUNT_LOCKED, Nothing
from lamina.events.event_type import EventType
from lamina.events.request_context import RequestContext
from lamina.identity.security_events import event_or_decoy
from lamina.limits.rules import LoginAttempt
from lamina.storage.item import Item


def own_attempt(what: str, address: str) -> LoginAttempt:
    """Count a try of somebody who is signed in to prove something more.

    It is counted apart from signing in: strangers cannot use it up, and nobody can guess on with a stolen session.

    Args:
        what: is proven, and whose it is.
        address: where the request comes from.

    Raises:
        RateLimited: after too many failures, from this address or from everywhere.
    """
    attempt = LoginAttempt(what, address)
    attempt.begin()
    if attempt.is_account_locked:
        with attempt:
            raise attempt.refusal()
    return attempt


def failure_of(
    attempt: LoginAttempt, failure: EventType[Nothing], user_id: str | None, context: RequestContext
) -> list[Item]:
    """Keep a try counted, and compose its events: that it failed, and that it was the last for now.

    Where there is no such account (`user_id` is None), decoys take their place.
    """
    attempt.failed()
    events = [event_or_decoy(failure.of({}), user_id, context)]
    return [*events, event_or_decoy(ACCOUNT_LOCKED.of({}), user_id, context)] if attempt.was_last else events
