"""Refresh tokens: opaque, kept as a hash, used once (RFC 9700 section 4.14.2).

All tokens of one session are a family. Whoever uses one a second time, a thief or the robbed, ends the session: the
two can no longer be told apart.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from lamina import ids
from lamina.errors import Unauthenticated
from lamina.events.catalog import REFRESH_TOKEN_REUSED
from lamina.events.cause import Cause
from lamina.identity import sessions
from lamina.identity.items import RefreshTokenItem, SessionItem, refresh_token, refresh_token_key, session_key
from lamina.identity.opaque import digest, new_secret
from lamina.identity.security import account_event
from lamina.storage import transactions
from lamina.storage.item import Item
from lamina.storage.transactions import ConditionFailed
from lamina.users.items import UserItem, to_user, user_key
from lamina.users.model import User


@dataclass(frozen=True)
class Rotated:
    """What using a refresh token gives: the session it belongs to, its user, and the next token."""

    session: SessionItem
    user: User
    refresh_token: str


def rotate(
    text: str,
    cause: Cause,
    *,
    client_id: str | None = None,
    check: Callable[[SessionItem, User], None] = lambda *_: None,
) -> Rotated:
    """Use a refresh token, and give the next one of its session.

    Of two uses at the same time one wins. A later use of a spent token ends the session.

    Args:
        text: the token.
        cause: the request that brings it.
        client_id: the OAuth client that brings it; None for a person's own.
        check: raises when it is not to be used after all; then it is not spent.

    Raises:
        Unauthenticated: when the token is unknown, spent or over, or its session is.
    """
    spent = _find(text)
    if spent is None or (spent.client_id or None) != client_id:
        raise _refusal()
    if spent.used_at:
        _punish(spent, cause)
        raise _refusal()
    session, user = _family(spent)
    check(session, user)
    following = new_secret()
    item = refresh_token(digest(following), session)
    spent.used_at = session.last_used_at = ids.now()
    session.expires_at = item.expires_at
    try:
        transactions.write(put=[spent, session, item])
    except ConditionFailed:
        raise _refusal() from None
    return Rotated(session, user, following)


def revoke(text: str, cause: Cause, *, client_id: str) -> None:
    """End the session of a refresh token that belongs to this OAuth client (RFC 7009); any other text is no error."""
    token = _find(text)
    if token is not None and token.client_id == client_id:
        sessions.end(token.user_id, token.session_id, cause)


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


def _punish(token: RefreshTokenItem, cause: Cause) -> None:
    """End the whole family of a token that was used twice."""
    cause = replace(cause, actor=token.user_id)
    sessions.end(token.user_id, token.session_id, cause)
    told = account_event(REFRESH_TOKEN_REUSED.of({"session_id": token.session_id}), token.user_id, cause)
    transactions.write(put=[told])


def _refusal() -> Unauthenticated:
    return Unauthenticated("The refresh token is not valid, or no longer. Sign in again.")
