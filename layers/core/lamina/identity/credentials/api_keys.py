"""API keys, for programs that act for a user without signing in, limited to scopes.

A key is `lam_<location>_<secret>`. The location identifies the item in the table, so that key and owner are read in one
call; its beginning is the prefix by which people recognise the key. Only a hash of the secret is stored.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from lamina import ids
from lamina.access.policy import Caller, Permission, Role
from lamina.errors import NotFound
from lamina.events.catalog import API_KEY_CREATED, API_KEY_REVOKED
from lamina.events.request_context import RequestContext
from lamina.identity.credentials import grants
from lamina.identity.security_events import account_event
from lamina.identity.sessions import service as sessions
from lamina.identity.tokens.token_secrets import digest, new_secret
from lamina.storage import one_time_secrets, transactions
from lamina.storage.cursors import Cursor
from lamina.storage.item import Item
from lamina.storage.keys import key, value_of
from lamina.storage.pages import Page, read_page
from lamina.storage.sharded_list import Source
from lamina.storage.transactions import ConditionFailed
from lamina.users.items import UserItem, to_user, user_key
from lamina.users.model import Status, User

SCHEME = "lam"
PREFIX_LENGTH = 16
USE_NOTED_SECONDS = 300
"""Precision of `last_used_at` in seconds: recording each use would cost a write per request."""


class ApiKeyItem(Item, discriminator="api_key"):
    """An API key: `USER#<owner>` / `APIKEY#<id>`."""

    name = UnicodeAttribute()
    prefix = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    scopes = JSONAttribute()
    ends_at = UnicodeAttribute(null=True)
    last_used_at = UnicodeAttribute(null=True)
    granted_role = UnicodeAttribute(null=True)
    granted_epoch = NumberAttribute(default=0)
    credential_epoch = NumberAttribute(default=0)


NO_SUCH_KEY = "There is no such API key."


@dataclass(frozen=True)
class ApiKey:
    """A key without its secret; times are RFC 3339 UTC."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    expires_at: str | None
    last_used_at: str | None
    created_at: str


@dataclass(frozen=True)
class ProvenKey:
    """A verified key, its owner, and the role that it acts in."""

    key: ApiKey
    owner: User
    role: Role


def create(
    owner: Caller, name: str, scopes: Sequence[Permission], expires_at: str | None, context: RequestContext
) -> tuple[ApiKey, str]:
    """Create a key.

    Args:
        owner: the user that it acts for.
        name: display name.
        scopes: its scopes, limited to what its owner may do at the time of use.
        expires_at: expiry, RFC 3339; None for no expiry.
        context: the request; a retry returns the key created before.

    Returns:
        The key and its text, which is returned only once.

    Raises:
        ScopeNotAllowed: if a scope exceeds the owner's role.
        Unauthenticated: if the owner's session ends, or its role changes, concurrently.
    """
    grants.require_scopes(owner, scopes)
    owner_id = owner.user_id
    key_id, secret = ids.new_id(), new_secret()
    text = f"{SCHEME}_{_where(key_id, owner_id)}_{secret}"
    item = ApiKeyItem(
        *api_key_key(owner_id, key_id),
        name=name,
        prefix=text[:PREFIX_LENGTH],
        secret_hash=digest(secret),
        scopes=sorted(scopes),
        ends_at=expires_at,
        created_by=owner_id,
        expires_at=_ttl(expires_at),
    )
    grants.grant(item, owner)
    event = account_event(API_KEY_CREATED.of({"key_id": key_id}), owner_id, context)
    try:
        created = one_time_secrets.write(
            context.request, key_id, text, put=[item, event], check=sessions.as_authenticated(owner)
        )
    except ConditionFailed as refused:
        sessions.raise_if_over(refused, owner)
        raise
    return _api_key(item if created.id == key_id else _get(owner_id, created.id), owner.role), created.secret


def list_keys(owner_id: str, limit: int, cursor: Cursor | None) -> Page[ApiKey]:
    """Return a page of a user's keys, newest first, without void ones: one query and one batch of reads."""
    source = Source("", [key("USER", owner_id)], prefix=key("APIKEY", ""))
    page = read_page(source, limit, descending=True, cursor=cursor)
    wanted = [user_key(owner_id), *((key("USER", owner_id), position) for position in page.items)]
    found = {item.sk: item for item in Item.batch_get(wanted, consistent_read=True)}
    stored = found.get(user_key(owner_id)[1])
    if not isinstance(stored, UserItem):
        return page.with_items([])
    owner = to_user(stored)
    items = (found.get(position) for position in page.items)
    keys = [item for item in items if isinstance(item, ApiKeyItem) and not grants.is_revoked(item, owner)]
    return page.with_items(_api_key(item, grants.role_of(item, owner)) for item in keys)


def revoke(owner: Caller, key_id: str, context: RequestContext) -> None:
    """Revoke a key immediately.

    Raises:
        NotFound: if the owner has no such key.
        Unauthenticated: if the owner's session ends concurrently.
    """
    item = _get(owner.user_id, key_id)
    event = account_event(API_KEY_REVOKED.of({"key_id": key_id}), owner.user_id, context)
    try:
        transactions.write(put=[event], delete=[item], check=sessions.as_authenticated(owner))
    except ConditionFailed as refused:
        sessions.raise_if_over(refused, owner)
        # Its use was recorded concurrently; try again.
        revoke(owner, key_id, context)


def revoke_found(text: str, context: RequestContext) -> ApiKey:
    """Revoke a key that was found where it should not be, by its text; its owner receives a mail.

    Raises:
        NotFound: if the text is no key, or the key is revoked already.
    """
    key_id, owner_id, secret = _place(text) or ("", "", "")
    item = _get(owner_id, key_id)
    if not hmac.compare_digest(item.secret_hash, digest(secret)):
        raise NotFound(NO_SUCH_KEY)
    event = account_event(API_KEY_REVOKED.of({"key_id": key_id}), owner_id, context)
    try:
        transactions.write(put=[event], delete=[item])
    except ConditionFailed:
        # Its use was recorded concurrently; try again.
        return revoke_found(text, context)
    return _api_key(item, Role.VIEWER)


def prove(text: str) -> ProvenKey | None:
    """Return a key if its text is valid: one call for key and owner, and sometimes a write to record the use."""
    place = _place(text)
    if place is None:
        return None
    key_id, owner_id, secret = place
    keys = [user_key(owner_id), api_key_key(owner_id, key_id)]
    found = {type(item): item for item in Item.batch_get(keys, consistent_read=True)}
    stored, item = found.get(UserItem), found.get(ApiKeyItem)
    if not isinstance(stored, UserItem) or not isinstance(item, ApiKeyItem):
        return None
    owner = to_user(stored)
    is_good = (
        hmac.compare_digest(item.secret_hash, digest(secret))
        and owner.status == Status.ACTIVE
        and owner.deleted_at is None
        and not grants.is_revoked(item, owner)
        and (item.ends_at or ids.ETERNITY) > ids.now()
    )
    if not is_good:
        return None
    _note_use(item)
    role = grants.role_of(item, owner)
    return ProvenKey(_api_key(item, role), owner, role)


def api_key_key(owner_id: str, key_id: str) -> tuple[str, str]:
    """Return the key of an API key."""
    return key("USER", owner_id), key("APIKEY", key_id)


def _get(owner_id: str, key_id: str) -> ApiKeyItem:
    try:
        return ApiKeyItem.get(*api_key_key(owner_id, key_id), consistent_read=True)
    except ApiKeyItem.DoesNotExist:
        raise NotFound(NO_SUCH_KEY) from None


def _note_use(item: ApiKeyItem) -> None:
    """Record when a key was used; losing a race against another record or a revocation is harmless."""
    if (item.last_used_at or "") > ids.ago(USE_NOTED_SECONDS):
        return
    item.last_used_at = ids.now()
    try:
        transactions.write(put=[item])
    except ConditionFailed:
        return


def _where(key_id: str, owner_id: str) -> str:
    packed = UUID(key_id).bytes + UUID(owner_id).bytes
    return base64.b32encode(packed).decode().rstrip("=").lower()


def _place(text: str) -> tuple[str, str, str] | None:
    """Return key id, owner id and secret from a key's text; None for any other text."""
    scheme, _, rest = text.partition("_")
    where, _, secret = rest.partition("_")
    if scheme != SCHEME or not secret or not text.isascii():
        return None
    try:
        packed = base64.b32decode(where.upper() + "=" * (-len(where) % 8))
        key_id, owner_id = str(UUID(bytes=packed[:16])), str(UUID(bytes=packed[16:]))
    except (binascii.Error, ValueError):
        return None
    # Other encodings of the same bytes are not accepted.
    return (key_id, owner_id, secret) if _where(key_id, owner_id) == where else None


def _ttl(expires_at: str | None) -> int | None:
    return None if expires_at is None else ids.epoch_of(expires_at)


def _api_key(item: ApiKeyItem, role: Role) -> ApiKey:
    return ApiKey(
        id=value_of(item.sk),
        name=item.name,
        prefix=item.prefix,
        scopes=grants.scopes_of(item.scopes, role),
        expires_at=item.ends_at,
        last_used_at=item.last_used_at,
        created_at=item.created_at,
    )
