"""Removing the second factor of somebody who has lost it."""

from lamina.access.policy import Caller
from lamina.errors import Conflict, NotFound
from lamina.events.catalog import MFA_REMOVED
from lamina.events.request_context import RequestContext
from lamina.identity.errors import OwnMfa
from lamina.identity.items import MfaItem, mfa_key
from lamina.identity.security_events import account_event
from lamina.identity.sessions import service as sessions
from lamina.storage import transactions
from lamina.storage.transactions import ConditionFailed


def remove(user_id: str, administrator: Caller, context: RequestContext) -> None:
    """Delete the second factor of a user who has lost it; the password alone signs in from now on.

    Args:
        user_id: whose.
        administrator: who decides it. One's own takes a code, so that a stolen session cannot do without.
        cause: the request.

    Raises:
        OwnMfa: when it is the administrator's own.
        NotFound: when there is none.
        Conflict: when it is used at the same time.
        Unauthenticated: when the administrator's session ends at the same time.
    """
    if user_id == administrator.user_id:
        raise OwnMfa
    event = account_event(MFA_REMOVED.of({}), user_id, context)
    try:
        item = MfaItem.get(*mfa_key(user_id), consistent_read=True)
        transactions.write(put=[event], delete=[item], check=sessions.as_authenticated(administrator))
    except MfaItem.DoesNotExist:
        raise NotFound("This user has no second factor.") from None
    except ConditionFailed as refused:
        sessions.raise_if_over(refused, administrator)
        raise Conflict from None
