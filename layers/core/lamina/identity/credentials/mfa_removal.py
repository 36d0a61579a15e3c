"""Removes the second factor of a user who has lost it."""

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
    """Delete the second factor of a user who has lost it. Only the password is required to sign in afterwards.

    Args:
        user_id: the user.
        administrator: the caller. Removing one's own requires a code, so that a stolen session is not enough.
        context: the request.

    Raises:
        OwnMfa: if it is the administrator's own.
        NotFound: if there is none.
        Conflict: if it is used concurrently.
        Unauthenticated: if the administrator's session ends concurrently.
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
