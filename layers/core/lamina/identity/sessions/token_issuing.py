"""The tokens of a person's session: at signing in, and at each refresh."""

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
    """What a login gives: both tokens, the user, and a token for the device if it had none that is known."""

    access_token: str
    refresh_token: str
    user: User
    device_token: str = ""


def refresh_session(refresh_token: str, count: Callable[[str], None], context: RequestContext) -> SignedIn:
    """Return new tokens for a refresh token, which is then spent.

    Args:
        refresh_token: as given.
        count: counts the request for the account.
        cause: the request.

    Raises:
        Unauthenticated: when it is not good, or no longer.
        RateLimited: when the account has sent too many requests; the token is not spent.
    """

    def sign(session: SessionItem, user: User) -> str:
        count(user.id)
        return renew(user, sessions.id_of(session))

    rotated = refresh.rotate(refresh_token, context, sign)
    return SignedIn(rotated.access, rotated.refresh_token, rotated.user)


def renew(user: User, session_id: str) -> str:
    """Sign a new access token of a person's session, for all that the role and owning allow."""
    scope = " ".join(sorted(session_scopes(user.role)))
    return access_tokens.issue(AccessClaims(user.id, session_id, user.role, scope))
