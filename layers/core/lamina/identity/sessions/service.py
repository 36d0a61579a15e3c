"""Sessions: one per sign-in, checked with each request."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from lamina import ids
from lamina.access.policy import Caller
from lamina.errors import NotFound, Unauthenticated
from lamina.events.catalog import SESSION_ENDED, SESSION_STARTED, SIGN_IN_SUSPICIOUS
from lamina.events.request_context import RequestContext
from lamina.fields import one_line
from lamina.identity.credentials import grants
from lamina.identity.items import (
    REFRESH_SECONDS,
    ClientItem,
    SessionItem,
    client_key,
    last_second,
    refresh_token,
    session_key,
)
from lamina.identity.model import AccessClaims
from lamina.identity.security_events import account_event
from lamina.identity.tokens.signing_keys import ACCESS_SECONDS
from lamina.identity.tokens.token_secrets import digest, new_secret
from lamina.storage import transactions
from lamina.storage.cursors import Cursor
from lamina.storage.item import Item
from lamina.storage.keys import key, value_of
from lamina.storage.pages import Page, read_page
from lamina.storage.sharded_list import Source
from lamina.storage.transactions import Check, ConditionFailed
from lamina.users import service as users
from lamina.users.items import UserItem, to_user, user_key
from lamina.users.model import Status, User

MAX_DEVICE = 200
NO_SUCH_SESSION = "The session was not found."
OVER = "The session has ended. Sign in again."


@dataclass(frozen=True)
class NewSession:
    """A session that begins once its items are written.

    Attributes:
        id: the `sid` of its tokens.
        refresh_token: returned only once; only its hash is stored.
        items: the session, its refresh token and its events.
    """

    id: str
    refresh_token: str
    items: Sequence[Item]


@dataclass(frozen=True)
class SignInContext:
    """The origin of a sign-in.

    Attributes:
        address: IP address that API Gateway saw.
        device: user agent of the client.
        device_token: token that the client received at an earlier sign-in; `""` if none.
        is_suspicious: whether the account was used before, but never from this address or device.
    """

    address: str
    device: str
    device_token: str = ""
    is_suspicious: bool = False


@dataclass(frozen=True)
class Session:
    """A session, as shown to its user.

    Attributes:
        id: the `sid` of its tokens.
        device: user agent of the client.
        address: IP address of the sign-in.
        created_at: when it began.
        last_used_at: when its tokens were last refreshed, or when it began.
    """

    id: str
    device: str
    address: str
    created_at: str
    last_used_at: str


def new_session(
    user: User,
    sign_in_context: SignInContext,
    context: RequestContext,
    *,
    client_id: str | None = None,
    scope: str = "",
    is_refreshable: bool = True,
) -> NewSession:
    """Return a new session. Sign its access token first, then write its items in one transaction with what it uses up.

    Args:
        user: the user.
        sign_in_context: the origin of the sign-in.
        context: the request.
        client_id: the OAuth client that it belongs to, if any.
        scope: the scopes of such a client.
        is_refreshable: whether it outlives its first access token.
    """
    session_id = ids.new_id()
    session = SessionItem(
        *session_key(user.id, session_id),
        epoch=user.session_epoch,
        address=sign_in_context.address,
        device=one_line(sign_in_context.device)[:MAX_DEVICE],
        client_id=client_id,
        scope=scope or None,
        created_by=user.id,
    )
    life = REFRESH_SECONDS if is_refreshable else ACCESS_SECONDS
    session.expires_at = min(ids.epoch_in(life), last_second(session))
    secret = new_secret()
    refresh = [refresh_token(digest(secret), session)] if is_refreshable else []
    types = [SESSION_STARTED, *([SIGN_IN_SUSPICIOUS] if sign_in_context.is_suspicious else [])]
    event = [account_event(event_type.of({"session_id": session_id}), user.id, context) for event_type in types]
    return NewSession(session_id, secret, [session, *refresh, *event])


def get(user_id: str, session_id: str) -> Session:
    """Return a session.

    Raises:
        NotFound: if it does not exist or has ended.
    """
    try:
        return _session(SessionItem.get(*session_key(user_id, session_id), consistent_read=True))
    except SessionItem.DoesNotExist:
        raise NotFound(NO_SUCH_SESSION) from None


def end(user_id: str, session_id: str, context: RequestContext) -> bool:
    """End a session; its tokens become void.

    Returns:
        Whether it existed: ending it twice is not an error.
    """
    try:
        session = SessionItem.get(*session_key(user_id, session_id), consistent_read=True)
        event = account_event(SESSION_ENDED.of({"session_id": session_id}), user_id, context)
        transactions.write(put=[event], delete=[session])
    except SessionItem.DoesNotExist:
        return False
    except ConditionFailed:
        # It was refreshed or ended concurrently; try again.
        return end(user_id, session_id, context)
    return True


def end_own(user_id: str, session_id: str, context: RequestContext) -> None:
    """End a session chosen by its user.

    Raises:
        NotFound: if it does not exist.
    """
    if not end(user_id, session_id, context):
        raise NotFound(NO_SUCH_SESSION)


def list_sessions(user: User, limit: int, cursor: Cursor | None) -> Page[Session]:
    """Return a page of a user's sessions, newest first: one query and one batch of reads."""
    source = Source("", [key("USER", user.id)], prefix=key("SESSION", ""))
    page = read_page(source, limit, descending=True, cursor=cursor)
    keys = [(key("USER", user.id), position) for position in page.items]
    found = {item.sk: item for item in SessionItem.batch_get(keys, consistent_read=True)} if keys else {}
    sessions = [found[position] for position in page.items if position in found]
    return page.with_items(_session(item) for item in sessions if in_order(item, user))


def find_active(claims: AccessClaims) -> tuple[SessionItem, User] | None:
    """Return the session and the user of an access token if it is valid now, else None: one call.

    Its session must exist, its user must be active with the same role, and its client, if any, must still exist.
    """
    keys = [user_key(claims.user_id), session_key(claims.user_id, claims.session_id)]
    if claims.client_id:
        keys.append(client_key(claims.client_id))
    found = {type(item): item for item in Item.batch_get(keys, consistent_read=True)}
    stored, session = found.get(UserItem), found.get(SessionItem)
    if len(found) < len(keys) or not isinstance(stored, UserItem) or not isinstance(session, SessionItem):
        return None
    user, client = to_user(stored), found.get(ClientItem)
    if isinstance(client, ClientItem):
        role = None if grants.is_revoked(client, user) else grants.role_of(client, user)
    else:
        role = user.role
    is_good = role == claims.role and session.client_id == claims.client_id and in_order(session, user)
    return (session, user) if is_good else None


def authenticated_at(session: SessionItem) -> int:
    """Return the Unix time of the last authentication in a session."""
    return ids.epoch_of(session.authenticated_at or session.created_at)


def find(user: User, session_id: str) -> SessionItem:
    """Return a session that is to be changed together with its user: a consistent read.

    Raises:
        Unauthenticated: if it has ended.
    """
    try:
        session = SessionItem.get(*session_key(user.id, session_id), consistent_read=True)
    except SessionItem.DoesNotExist:
        raise Unauthenticated(OVER) from None
    if not in_order(session, user):
        raise Unauthenticated(OVER)
    return session


def as_authenticated(caller: Caller) -> list[Check]:
    """Return the checks of a transaction that changes how a user signs in: the caller's session must still be valid."""
    session = SessionItem(*session_key(caller.user_id, caller.session_id))
    return [users.as_authenticated(caller), (session, SessionItem.epoch == caller.session_epoch)]


def raise_if_over(refused: ConditionFailed, caller: Caller) -> None:
    """Raise `Unauthenticated` if a transaction was refused by `as_authenticated`."""
    users.raise_if_revoked(refused, caller)
    if session_key(caller.user_id, caller.session_id) in refused.found:
        raise Unauthenticated(OVER) from None


def id_of(session: SessionItem) -> str:
    """Return the `sid` of a session."""
    return value_of(session.sk)


def in_order(session: SessionItem, user: User) -> bool:
    """Return whether a session is valid: its user may sign in and has not ended all sessions since it began."""
    return (
        user.status == Status.ACTIVE
        and user.deleted_at is None
        and user.session_epoch == session.epoch
        and min(session.expires_at or 0, last_second(session)) > time.time()
    )


def _session(item: SessionItem) -> Session:
    return Session(
        id=value_of(item.sk),
        device=item.device or "",
        address=item.address or "",
        created_at=item.created_at,
        last_used_at=item.last_used_at or item.created_at,
    )
