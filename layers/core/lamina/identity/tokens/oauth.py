"""OAuth 2.0: tokens for clients (RFC 6749), their revocation (RFC 7009) and introspection (RFC 7662)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from lamina.access.policy import ClientScope, Role, session_scopes
from lamina.errors import InvalidClient, OAuthError, Unauthenticated
from lamina.events.request_context import RequestContext
from lamina.identity.credentials import oauth_clients
from lamina.identity.credentials.oauth_clients import ProvenClient
from lamina.identity.items import SessionItem
from lamina.identity.model import AccessClaims, GrantType
from lamina.identity.security_events import security_event
from lamina.identity.sessions import refresh
from lamina.identity.sessions import service as sessions
from lamina.identity.sessions.service import SignInContext
from lamina.identity.tokens import access_tokens
from lamina.identity.tokens.access_tokens import ExpiredToken, InvalidToken
from lamina.limits import rules
from lamina.storage import transactions
from lamina.users.model import Status, User


@dataclass(frozen=True)
class Granted:
    """What a grant gives (RFC 6749 section 5.1); without a refresh token where the client may not use one."""

    access_token: str
    scope: str
    refresh_token: str | None


def authenticate(client_id: str, secret: str, count: Callable[[str], None], context: RequestContext) -> ProvenClient:
    """Check who a client is. Nobody guesses a secret of 256 bits, so failures count as anonymous requests do.

    Args:
        client_id: as given.
        secret: as given.
        count: counts the request for the client.
        cause: the request.

    Raises:
        InvalidClient: when the id or the secret is not right.
        RateLimited: when the client has sent too many requests.
    """
    client = oauth_clients.prove(client_id, secret)
    if client is None:
        security_event("oauth_client.failed", None, context)
        raise InvalidClient
    count(rules.client(client.client_id))
    return client


def grant_to_client(
    client: ProvenClient, scope: str | None, sign_in_context: SignInContext, context: RequestContext
) -> Granted:
    """Give a client a token for itself (RFC 6749 section 4.4).

    Raises:
        OAuthError: `unauthorized_client`, `invalid_scope`, or `invalid_grant` when its owner may not sign in.
    """
    _require_grant(client, GrantType.CLIENT_CREDENTIALS)
    owner = client.owner
    if owner.deleted_at is not None or owner.status != Status.ACTIVE:
        raise OAuthError("The owner of this client may not sign in.", code="invalid_grant")
    granted = _narrowed(client.scopes, scope, client.role)
    may_refresh = GrantType.REFRESH_TOKEN in client.grant_types
    session = sessions.new_session(
        owner, sign_in_context, context, client_id=client.client_id, scope=granted, is_refreshable=may_refresh
    )
    access = access_tokens.issue(AccessClaims(owner.id, session.id, client.role, granted, client.client_id))
    transactions.write(put=session.items)
    return Granted(access, granted, session.refresh_token if may_refresh else None)


def grant_refresh(client: ProvenClient, refresh_token: str, scope: str | None, context: RequestContext) -> Granted:
    """Give a client new tokens for a refresh token of its own, which is then spent (RFC 6749 section 6).

    Raises:
        OAuthError: `unauthorized_client`, `invalid_grant`, or `invalid_scope`; the token is not spent by the last.
    """
    _require_grant(client, GrantType.REFRESH_TOKEN)

    def sign(session: SessionItem, user: User) -> tuple[str, str]:
        granted = _narrowed((session.scope or "").split(), scope, client.role)
        claims = AccessClaims(user.id, sessions.id_of(session), client.role, granted, client.client_id)
        return access_tokens.issue(claims), granted

    try:
        rotated = refresh.rotate(refresh_token, context, sign, client_id=client.client_id)
    except Unauthenticated as refused:
        raise OAuthError(refused.message, code="invalid_grant") from None
    return Granted(*rotated.access, rotated.refresh_token)


def revoke(client: ProvenClient, token: str, context: RequestContext) -> None:
    """End the session of a token of this client; whatever else the text is, that is no error (RFC 7009 section 2.2)."""
    claims = _claims(token)
    if claims is None:
        refresh.revoke(token, context, client_id=client.client_id)
    elif claims.client_id == client.client_id:
        sessions.end(claims.user_id, claims.session_id, context)


def introspect(client: ProvenClient, token: str) -> dict[str, Any]:
    """Return what an access token is good for now (RFC 7662 section 2.2); of anything else only that it is not active.

    Tokens that were not issued to the client are nothing to it, unless it is a resource server.
    """
    claims = _claims(token)
    is_resource_server = ClientScope.INTROSPECT in client.scopes
    if claims is None or not (is_resource_server or claims.client_id == client.client_id):
        return {"active": False}
    if sessions.find_active(claims) is None:
        return {"active": False}
    return {"active": True, "token_type": "Bearer", **access_tokens.payload_of(token)}


def _narrowed(held: Collection[str], scope: str | None, role: Role) -> str:
    """Return the scopes that are asked for, all that are held by default, and of them what the role allows.

    Raises:
        OAuthError: `invalid_scope` when more is asked for than held, or nothing is left.
    """
    wanted = set(scope.split()) if scope else set(held)
    if not wanted <= set(held):
        raise OAuthError("The client does not hold this scope.", code="invalid_scope")
    granted = wanted & session_scopes(role)
    if not granted:
        raise OAuthError("The owner of this client may do nothing in this scope.", code="invalid_scope")
    return " ".join(sorted(granted))


def _claims(token: str) -> AccessClaims | None:
    try:
        return access_tokens.verify(token)
    except (ExpiredToken, InvalidToken):
        return None


def _require_grant(client: ProvenClient, grant: GrantType) -> None:
    if grant not in client.grant_types:
        raise OAuthError("The client is not registered for this grant type.", code="unauthorized_client")
