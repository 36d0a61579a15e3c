"""Refresh tokens: opaque, kept as a hash, used once (RFC 9700 section 4.14.2).

All tokens of one session are a family. Whoever uses one a second time, a thief or the robbed, ends the session: the
two can no longer be told apart. Only the token that was used last may be repeated for a few seconds, so that a lost
response or two tabs of a browser sign nobody out. A repetition gives the very token that the first use gave: the family
stays one chain, and whoever uses a token of it late is still noticed.
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
"""How often a use is tried anew when the session was changed at the same moment."""


@dataclass(frozen=True)
class Rotated[Access]:
    """What using a refresh token gives: its user, what was signed for the session, and the next token."""

    user: User
    access: Access
    refresh_token: str


def rotate[Access](
    text: str, context: RequestContext, sign: Callable[[SessionItem, User], Access], *, client_id: str | None = None
) -> Rotated[Access]:
    """Use a refresh token, and return the next one of its session.

    Of uses at the same time all get the same next token. A later use of a spent token ends the session.

    Args:
        text: the token.
        cause: the request that brings it.
        sign: makes the access token. It is called before anything is written: if it raises, the token is not spent.
        client_id: the OAuth client that brings it; None for a person's own.

    Raises:
        Unauthenticated: when the token is unknown, spent or over, or its session is.
        Conflict: when the session kept being changed by others.
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
            continue  # It was used, or its session changed, at this very moment.
    raise Conflict


def revoke(text: str, context: RequestContext, *, client_id: str) -> None:
    """End the session of a refresh token that belongs to this OAuth client (RFC 7009); any other text is no error."""
    token = _find(text)
    if token is not None and token.client_id == client_id:
        sessions.end(token.user_id, token.session_id, context)


def _spend(token: RefreshTokenItem, session: SessionItem, text: str) -> str:
    """Mark a token as used, store the token that follows, and return it."""
    session.salt = new_secret()
    following = _following(text, session.salt)
    item = refresh_token(digest(following), session)
    token.used_at = session.last_used_at = ids.now()
    session.newest_token, session.expires_at = digest(following), item.expires_at
    session.repeatable_until = time.time() + settings().refresh_repeat_seconds
    transactions.write(put=[token, session, item])
    return following


def _repeated(session: SessionItem, text: str) -> str | None:
    """Return what the first use of a token gave, if it was the last of its session and that a moment ago."""
    if (session.repeatable_until or 0) <= time.time():
        return None
    following = _following(text, session.salt or "")
    return following if session.newest_token == digest(following) else None


def _following(text: str, salt: str) -> str:
    """Return the token that follows: 256 bits that take both the token before it and the table to know."""
    created = hmac.digest(text.encode(), salt.encode(), "sha256")
    return base64.urlsafe_b64encode(created).decode().rstrip("=")


def _find(text: str) -> RefreshTokenItem | None:
    try:
        token = RefreshTokenItem.get(*refresh_token_key(digest(text)), consistent_read=True)
    except RefreshTokenItem.DoesNotExist:
        return None
    # DynamoDB removes expired items late, within days.
    return token if token.expires_at and token.expires_at > time.time() else None


def _family(token: RefreshTokenItem) -> tuple[SessionItem, User]:
    """Read the session of a token and its user, both in order: one call."""
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
    """End the whole family of a token that was used twice."""
    context = replace(context, actor=token.user_id)
    sessions.end(token.user_id, token.session_id, context)
    event = account_event(REFRESH_TOKEN_REUSED.of({"session_id": token.session_id}), token.user_id, context)
    transactions.write(put=[event])


def _refusal() -> Unauthenticated:
    return Unauthenticated("The refresh token is not valid, or no longer. Sign in again.")
