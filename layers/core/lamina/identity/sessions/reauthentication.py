"""Reauthentication in an existing session, by the password and, if a second factor is active, a code."""

from typing import TYPE_CHECKING

from lamina import ids
from lamina.access.policy import Caller
from lamina.errors import Conflict, Unauthenticated
from lamina.events.catalog import SECOND_FACTOR_FAILED, SESSION_REAUTHENTICATED
from lamina.events.request_context import RequestContext
from lamina.identity.accounts.password_changes import prove_password
from lamina.identity.credentials.second_factor import accept
from lamina.identity.errors import CodeRequired, WrongCode
from lamina.identity.items import MfaItem, SessionItem, mfa_key, session_key
from lamina.identity.security_events import account_event
from lamina.identity.sessions.login_attempts import failure_of, own_attempt
from lamina.storage import transactions
from lamina.storage.transactions import ConditionFailed

if TYPE_CHECKING:
    from pydantic import SecretStr

ATTEMPTS = 5
"""Number of attempts to write the session while its tokens are refreshed concurrently."""


def reauthenticate(
    caller: Caller, password: "SecretStr", code: str | None, address: str, context: RequestContext
) -> None:
    """Record that the user of the caller's session has reauthenticated.

    Args:
        caller: a signed-in user.
        password: the current password.
        code: a code of the second factor; required while one is active.
        address: client IP address.
        context: the request.

    Raises:
        WrongPassword, CodeRequired, WrongCode: if authentication fails.
        RateLimited: after too many failures, as for sign-ins.
        Unauthenticated: if the session ends concurrently.
        Conflict: if the session keeps being changed concurrently.
    """
    prove_password(caller.user_id, password, address, context)
    factor = _accepted(caller.user_id, code, address, context)
    for _ in range(ATTEMPTS):
        try:
            session = SessionItem.get(*session_key(caller.user_id, caller.session_id), consistent_read=True)
        except SessionItem.DoesNotExist:
            raise Unauthenticated from None
        session.authenticated_at = ids.now()
        event = account_event(SESSION_REAUTHENTICATED.of({"session_id": caller.session_id}), caller.user_id, context)
        try:
            transactions.write(put=[session, *factor, event])
        except ConditionFailed as refused:
            if mfa_key(caller.user_id) in refused.found:
                raise WrongCode from None  # It was used, or the factor disabled, concurrently.
            continue
        return
    raise Conflict


def _accepted(user_id: str, code: str | None, address: str, context: RequestContext) -> list[MfaItem]:
    """Return the active second factor with the code marked as used, to be written; empty if there is none."""
    try:
        item = MfaItem.get(*mfa_key(user_id), consistent_read=True)
    except MfaItem.DoesNotExist:
        return []
    if not item.active:
        return []
    if code is None:
        raise CodeRequired
    with own_attempt(f"second factor of {user_id}", address) as attempt:
        if not accept(item, user_id, code):
            transactions.write(put=failure_of(attempt, SECOND_FACTOR_FAILED, user_id, context))
            raise WrongCode
        attempt.succeeded()
    return [item]
