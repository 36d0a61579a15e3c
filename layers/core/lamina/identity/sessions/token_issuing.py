"""Issues the tokens of a user's session, at sign-in and refresh."""

from collections.abc import Callable
from dataclasses import dataclass

from lamina.access.policy import session_scopes
from lamina.events.request_context import RequestContext
from lamina.identity.items import SessionItem
from lamina.identity.model import AccessClaims
from lamina.identity.sessions import refresh
from lamina.identity.sessions import service as sessions
from lamina.identity.tokens import access_tokens
from lamina.users.model import User


@dataclass(frozen=True)
class SignedIn:
    """The result of a sign-in: both tokens, the user, and a token for the device if it has no known one."""

    access_token: str
    refresh_token: str
    user: User
    device_token: str = ""


def refresh_session(refresh_token: str, count: Callable[[str], None], context: RequestContext) -> SignedIn:
    """Return new tokens for a refresh token, which is used up.

    Args:
        refresh_token: the token as sent.
        count: counts the request for the account.
        context: the request.

    Raises:
        Unauthenticated: if it is invalid or expired.
        RateLimited: if the account has sent too many requests; the token is not used up.
    """

    def sign(session: SessionItem, user: User) -> str:
        count(user.id)
        return renew(user, sessions.id_of(session))

    rotated = refresh.rotate(refresh_token, context, sign)
    return SignedIn(rotated.access, rotated.refresh_token, rotated.user)


def renew(user: User, session_id: str) -> str:
    """Return a new access token of a user's session, for everything that role and ownership allow."""
    scope = " ".join(sorted(session_scopes(user.role)))
    return access_tokens.issue(AccessClaims(user.id, session_id, user.role, scope))
