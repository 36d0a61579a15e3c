"""Tries to prove something, and what is told of them."""

from lamina.events.catalog import ACCOUNT_LOCKED, Nothing
from lamina.events.cause import Cause
from lamina.events.event_type import EventType
from lamina.events.outbox import OutboxItem
from lamina.identity.security import account_event
from lamina.limits.rules import SignInTry


def begin_own(what: str, address: str) -> SignInTry:
    """Count a try of somebody who is signed in to prove something more.

    It is counted apart from signing in: strangers cannot use it up, and nobody can guess on with a stolen session.

    Args:
        what: is proven, and whose it is.
        address: where the request comes from.

    Raises:
        RateLimited: after too many failures, from this address or from everywhere.
    """
    attempt = SignInTry(what, address)
    attempt.begin()
    if attempt.is_account_locked:
        raise attempt.refuse()
    return attempt


def failure_of(attempt: SignInTry, failure: EventType[Nothing], user_id: str, cause: Cause) -> list[OutboxItem]:
    """Keep a try counted, and compose its events: that it failed, and that it was the last for now."""
    attempt.failed()
    events = [account_event(failure.of({}), user_id, cause)]
    return [*events, account_event(ACCOUNT_LOCKED.of({}), user_id, cause)] if attempt.was_last else events
