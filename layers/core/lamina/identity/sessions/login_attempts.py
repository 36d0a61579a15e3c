"""Attempts to authenticate, and their events."""

from lamina.events.catalog import ACCOUNT_LOCKED, Nothing
from lamina.events.event_type import EventType
from lamina.events.request_context import RequestContext
from lamina.identity.security_events import event_or_decoy
from lamina.limits.rules import LoginAttempt
from lamina.storage.item import Item


def own_attempt(what: str, address: str) -> LoginAttempt:
    """Count an attempt of a signed-in user to prove something else.

    It is counted separately from sign-ins: strangers cannot use up the limit, and a stolen session does not allow
    unlimited guesses.

    Args:
        what: what is proven, and of which user.
        address: client IP address.

    Raises:
        RateLimited: after too many failures, from this IP address or in total.
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
    """Keep an attempt counted, and return its events: that it failed, and that it was the last one allowed.

    If there is no such account (`user_id` is None), decoys are returned instead.
    """
    attempt.failed()
    events = [event_or_decoy(failure.of({}), user_id, context)]
    return [*events, event_or_decoy(ACCOUNT_LOCKED.of({}), user_id, context)] if attempt.was_last else events
