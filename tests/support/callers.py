"""Users as the services are given them: authenticated."""

from lamina.access.policy import Caller, session_scopes
from lamina.events.request_context import RequestContext
from lamina.identity.sessions import service as sessions
from lamina.identity.sessions.service import SignInContext
from lamina.storage import transactions
from lamina.users.model import User


def acting(user: User, session_id: str = "") -> Caller:
    """The user, as authenticated a moment ago."""
    return Caller(
        user.id,
        user.role,
        session_id,
        session_scopes(user.role),
        session_epoch=user.session_epoch,
        credential_epoch=user.credential_epoch,
    )


def in_session(user: User) -> Caller:
    """The user, as authenticated by a new session."""
    session = sessions.new_session(user, SignInContext("203.0.113.7", "curl"), RequestContext(user.id, "test"))
    transactions.write(put=session.items)
    return acting(user, session.id)
