"""The callers of credentials that were checked before: who they are now, and whether they still are anybody.

A connection outlives the access token that it began with. What decides is the session, the API key or the OAuth client
behind it, read again each time.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from lamina import ids
from lamina.access.policy import Caller, Credential, Role
from lamina.identity.credentials import api_keys, grants
from lamina.identity.credentials.api_keys import ApiKeyItem
from lamina.identity.items import ClientItem, SessionItem, client_key, session_key
from lamina.identity.model import CredentialRef
from lamina.identity.sessions import service as sessions
from lamina.storage.item import Item
from lamina.users.items import UserItem, to_user, user_key
from lamina.users.model import Status, User

if TYPE_CHECKING:
    from lamina.identity.tokens.authentication import Context

type Key = tuple[str, str]


def ref_of(context: "Context") -> CredentialRef:
    """Return the credential of a request that `authentication.authenticate` has found valid."""
    return CredentialRef(
        context["user_id"],
        Credential(context["credential"]),
        context["credential_id"],
        context["session_id"],
        Role(context["role"]),
        frozenset(context["scope"].split()),
    )


def callers_of(refs: Collection[CredentialRef]) -> dict[CredentialRef, Caller]:
    """Return the callers of those credentials that are valid now: one consistent call for about 33 of them."""
    keys = list(dict.fromkeys(key for ref in refs for key in _keys(ref)))
    if not keys:
        return {}
    found = {(item.pk, item.sk): item for item in Item.batch_get(keys, consistent_read=True)}
    callers = ((ref, _caller(ref, found)) for ref in dict.fromkeys(refs))
    return {ref: caller for ref, caller in callers if caller is not None}


def _keys(ref: CredentialRef) -> list[Key]:
    """Return the keys of the items that decide, the user first."""
    if ref.credential == Credential.API_KEY:
        return [user_key(ref.user_id), api_keys.api_key_key(ref.user_id, ref.credential_id)]
    of_client = [client_key(ref.credential_id)] if ref.credential == Credential.OAUTH_CLIENT else []
    return [user_key(ref.user_id), session_key(ref.user_id, ref.session_id), *of_client]


def _caller(ref: CredentialRef, found: Mapping[Key, Item]) -> Caller | None:
    stored, *items = [found.get(key) for key in _keys(ref)]
    if not isinstance(stored, UserItem):
        return None
    user = to_user(stored)
    is_active = user.status == Status.ACTIVE and user.deleted_at is None
    if not is_active or not _IS_GOOD[ref.credential](items, ref, user):
        return None
    session = items[0] if ref.credential == Credential.SESSION else None
    return Caller(
        ref.user_id,
        ref.role,
        ref.session_id,
        ref.scopes,
        ref.credential,
        authenticated_at=sessions.authenticated_at(session) if isinstance(session, SessionItem) else 0,
        session_epoch=user.session_epoch,
        credential_epoch=user.credential_epoch,
        email_verified=user.email_verified,
    )


def _is_good_session(items: Sequence[Item | None], ref: CredentialRef, user: User) -> bool:
    session = items[0]
    if not isinstance(session, SessionItem):
        return False
    return not session.client_id and user.role == ref.role and sessions.in_order(session, user)


def _is_good_key(items: Sequence[Item | None], ref: CredentialRef, owner: User) -> bool:
    item = items[0]
    return (
        isinstance(item, ApiKeyItem)
        and not grants.is_revoked(item, owner)
        and grants.role_of(item, owner) == ref.role
        and (item.ends_at or ids.ETERNITY) > ids.now()
    )


def _is_good_client(items: Sequence[Item | None], ref: CredentialRef, owner: User) -> bool:
    session, item = items
    return (
        isinstance(session, SessionItem)
        and session.client_id == ref.credential_id
        and sessions.in_order(session, owner)
        and isinstance(item, ClientItem)
        and not grants.is_revoked(item, owner)
        and grants.role_of(item, owner) == ref.role
    )


_IS_GOOD = {
    Credential.SESSION: _is_good_session,
    Credential.API_KEY: _is_good_key,
    Credential.OAUTH_CLIENT: _is_good_client,
}
