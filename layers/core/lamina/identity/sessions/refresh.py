"""Refresh tokens: opaque, stored as a hash, single-use (RFC 9700 section 4.14.2).

All tokens of a session form a family. Reusing a token, by a thief or by the victim, ends the session, because the two
cannot be told apart. Only the most recently used token may be repeated for a few seconds, so that a lost response or
two browser tabs sign nobody out. A repetition returns the same token as the first use: the family stays a single chain,
and late reuse of any token is still detected.
"""

import base64
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from lamina import ids
from lamina.errors import Conflict, Unauthenticated
from lamina.events.catalog import REFRESH_TOKEN_REUSED
from lamina.events.request_context import RequestContext
from lamina.identity.items import RefreshTokenItem, SessionItem, refresh_token, refresh_token_key, session_key
from lamina.identity.security_events import account_event
from lamina.identity.sessions import service as sessions
from lamina.identity.tokens.token_secrets import digest, new_secret
from lamina.settings import settings
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.transactions import ConditionFailed
from lamina.users.items import UserItem, to_user, user_key
from lamina.users.model import User

ATTEMPTS = 5
"""Number of attempts if the session is changed concurrently."""


@dataclass(frozen=True)
class Rotated[Access]:
    """The result of using a refresh token: its user, what was signed for the session, and the next token."""

    user: User
    access: Access
    refresh_token: str


def rotate[Access](
    text: str, context: RequestContext, sign: Callable[[SessionItem, User], Access], *, client_id: str | None = None
) -> Rotated[Access]:
    """Use a refresh token, and return the next one of its session.

    Concurrent uses all return the same token. Later reuse ends the session.

    Args:
        text: the token.
        context: the request.
        sign: creates the access token. It is called before anything is written: if it raises, the token is not used up.
        client_id: the OAuth client that sends it; None for a user's own.

    Raises:
        Unauthenticated: if the token is unknown, used or expired, or its session has ended.
        Conflict: if the session keeps being changed concurrently.
    """
    for _ in range(ATTEMPTS):
        token = _find(text)
        if token is None or (token.client_id or None) != client_id:
            raise _refusal()
        session, user = _family(token)
        if token.used_at:
            following = _repeated(session, text)
            if following is None:
                _punish(token, context)
                raise _refusal()
            return Rotated(user, sign(session, user), following)
        access = sign(session, user)
        try:
            return Rotated(user, access, _spend(token, session, text))
        except (ConditionFailed, Conflict):
            continue  # It was used, or its session changed, concurrently.
    raise Conflict


def revoke(text: str, context: RequestContext, *, client_id: str) -> None:
    """End the session of a refresh token of this OAuth client (RFC 7009); any other text is ignored."""
    token = _find(text)
    if token is not None and token.client_id == client_id:
        sessions.end(token.user_id, token.session_id, context)


def _spend(token: RefreshTokenItem, session: SessionItem, text: str) -> str:
    """Mark a token as used, store the next token, and return it."""
    session.salt = new_secret()
    following = _following(text, session.salt)
    item = refresh_token(digest(following), session)
    token.used_at = session.last_used_at = ids.now()
    session.newest_token, session.expires_at = digest(following), item.expires_at
    session.repeatable_until = time.time() + settings().refresh_repeat_seconds
    transactions.write(put=[token, session, item])
    return following


def _repeated(session: SessionItem, text: str) -> str | None:
    """Return the result of the first use of a token, if it was the most recent of its session and a moment ago."""
    if (session.repeatable_until or 0) <= time.time():
        return None
    following = _following(text, session.salt or "")
    return following if session.newest_token == digest(following) else None


def _following(text: str, salt: str) -> str:
    """Return the next token: 256 bits that can be derived only from the previous token and the table together."""
    created = hmac.digest(text.encode(), salt.encode(), "sha256")
    return base64.urlsafe_b64encode(created).decode().rstrip("=")


def _find(text: str) -> RefreshTokenItem | None:
    try:
        token = RefreshTokenItem.get(*refresh_token_key(digest(text)), consistent_read=True)
    except RefreshTokenItem.DoesNotExist:
        return None
    # DynamoDB deletes expired items late, within days.
    return token if token.expires_at and token.expires_at > time.time() else None


def _family(token: RefreshTokenItem) -> tuple[SessionItem, User]:
    """Return the session of a token and its user, both valid: one call."""
    keys = [user_key(token.user_id), session_key(token.user_id, token.session_id)]
    found = {type(item): item for item in Item.batch_get(keys, consistent_read=True)}
    stored, session = found.get(UserItem), found.get(SessionItem)
    if not isinstance(stored, UserItem) or not isinstance(session, SessionItem):
        raise _refusal()
    user = to_user(stored)
    if not sessions.in_order(session, user):
        raise _refusal()
    return session, user


def _punish(token: RefreshTokenItem, context: RequestContext) -> None:
    """End the session of a token that was used twice."""
    context = replace(context, actor=token.user_id)
    sessions.end(token.user_id, token.session_id, context)
    event = account_event(REFRESH_TOKEN_REUSED.of({"session_id": token.session_id}), token.user_id, context)
    transactions.write(put=[event])


def _refusal() -> Unauthenticated:
    return Unauthenticated("The refresh token is invalid or has expired. Sign in again.")
