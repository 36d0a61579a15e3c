"""OAuth 2.0 clients: programs that obtain tokens for themselves with a secret (RFC 6749 section 4.4).

A client acts for the admin who created it, within its scopes, limited to what its owner may do at the time of use.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lamina import ids
from lamina.access.policy import Caller, ClientScope, Role
from lamina.errors import NotFound
from lamina.events.catalog import OAUTH_CLIENT_CREATED, OAUTH_CLIENT_DELETED
from lamina.events.request_context import RequestContext
from lamina.identity.credentials import grants
from lamina.identity.items import ClientItem, add_to_owner_index, client_key
from lamina.identity.model import GrantType
from lamina.identity.security_events import account_event
from lamina.identity.sessions import service as sessions
from lamina.identity.tokens.token_secrets import digest, new_secret
from lamina.storage import one_time_secrets, transactions
from lamina.storage.cursors import Cursor
from lamina.storage.keys import SHARDS, identifier_of, list_partition, list_position, shard_of, value_of
from lamina.storage.pages import Page, read_page
from lamina.storage.sharded_list import Source
from lamina.storage.transactions import ConditionFailed
from lamina.users import service as users
from lamina.users.model import User

LIST = "OAUTH_CLIENTS"


@dataclass(frozen=True)
class Client:
    """A client without its secret; `scopes` are those that its owner's role still allows."""

    id: str
    client_id: str
    name: str
    scopes: list[str]
    grant_types: list[str]
    owner_id: str
    created_at: str


def register(
    owner: Caller, name: str, scopes: Sequence[ClientScope], grant_types: Sequence[GrantType], context: RequestContext
) -> tuple[Client, str]:
    """Create a client; a retry of the same request returns the client created before.

    Returns:
        The client and its secret, which is returned only once.

    Raises:
        ScopeNotAllowed: if a scope exceeds the owner's role.
        Unauthenticated: if the owner's session ends, or its role changes, concurrently.
    """
    grants.require_scopes(owner, scopes)
    owner_id = owner.user_id
    client_id, secret = ids.new_id(), new_secret()
    item = ClientItem(
        *client_key(client_id),
        name=name,
        secret_hash=digest(secret),
        scopes=sorted(scopes),
        grant_types=sorted(grant_types),
        owner_id=owner_id,
        created_by=owner_id,
    )
    item.gsi1pk = list_partition(LIST, "created_at", shard=shard_of(client_id))
    item.gsisk = list_position(item.created_at, client_id)
    add_to_owner_index(owner_id, item)
    event = account_event(OAUTH_CLIENT_CREATED.of({"client_id": client_id}), owner_id, context)
    grants.grant(item, owner)
    try:
        first = one_time_secrets.write(
            context.request, client_id, secret, put=[item, event], check=sessions.as_authenticated(owner)
        )
    except ConditionFailed as refused:
        sessions.raise_if_over(refused, owner)
        raise
    return _client(item if first.id == client_id else _get(first.id), owner.role), first.secret


def list_clients(limit: int, cursor: Cursor | None) -> Page[Client]:
    """Return a page of all clients, newest first, without void ones.

    Costs a query per shard, a batch of clients and a batch of owners.
    """
    source = Source("gsi1", [list_partition(LIST, "created_at", shard=shard) for shard in range(SHARDS)])
    page = read_page(source, limit, descending=True, cursor=cursor)
    wanted = [client_key(identifier_of(position)) for position in page.items]
    items = {value_of(item.pk): item for item in ClientItem.batch_get(wanted)} if wanted else {}
    owners = users.get_many({item.owner_id for item in items.values()})
    shown = {
        client_id: _client(item, grants.role_of(item, owner))
        for client_id, item in items.items()
        if (owner := owners.get(item.owner_id)) is not None and not grants.is_revoked(item, owner)
    }
    return page.with_items(shown[found] for position in page.items if (found := identifier_of(position)) in shown)


def remove(client_id: str, context: RequestContext, *, by: Caller) -> None:
    """Delete a client. Its tokens can no longer write; reads stop once the authorizer's cache expires.

    Raises:
        NotFound: if it does not exist.
        Unauthenticated: if the session of `by` ends, or its role changes, concurrently.
    """
    item = _get(client_id)
    event = account_event(OAUTH_CLIENT_DELETED.of({"client_id": client_id}), item.owner_id, context)
    try:
        transactions.write(put=[event], delete=[item], check=sessions.as_authenticated(by))
    except ConditionFailed as refused:
        sessions.raise_if_over(refused, by)
        remove(client_id, context, by=by)


@dataclass(frozen=True)
class ProvenClient(Client):
    """A client whose secret was verified, its owner, and the role that it acts in."""

    owner: User
    role: Role


def prove(client_id: str, secret: str) -> ProvenClient | None:
    """Return the client if the secret is correct: one read, and one of its owner."""
    if not re.fullmatch(ids.PATTERN, client_id):
        return None
    try:
        item = ClientItem.get(*client_key(client_id), consistent_read=True)
    except ClientItem.DoesNotExist:
        return None
    if not hmac.compare_digest(item.secret_hash, digest(secret)):
        return None
    owner = users.get_many([item.owner_id]).get(item.owner_id)
    if owner is None or grants.is_revoked(item, owner):
        return None
    role = grants.role_of(item, owner)
    return ProvenClient(**vars(_client(item, role)), owner=owner, role=role)


def _get(client_id: str) -> ClientItem:
    try:
        return ClientItem.get(*client_key(client_id), consistent_read=True)
    except ClientItem.DoesNotExist:
        raise NotFound("There is no such OAuth client.") from None


def _client(item: ClientItem, role: Role) -> Client:
    client_id = value_of(item.pk)
    return Client(
        id=client_id,
        client_id=client_id,
        name=item.name,
        scopes=grants.scopes_of(item.scopes, role),
        grant_types=list(item.grant_types),
        owner_id=item.owner_id,
        created_at=item.created_at,
    )
