"""OAuth 2.0: client tokens (RFC 6749), revocation (RFC 7009) and introspection (RFC 7662)."""

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
    """The result of a grant (RFC 6749 section 5.1); without a refresh token if the client may not use one."""

    access_token: str
    scope: str
    refresh_token: str | None


def authenticate(client_id: str, secret: str, count: Callable[[str], None], context: RequestContext) -> ProvenClient:
    """Return the client that a secret belongs to.

    A secret of 256 bits cannot be guessed, so failures are limited like anonymous requests.

    Args:
        client_id: id as sent.
        secret: secret as sent.
        count: counts the request for the client.
        context: the request.

    Raises:
        InvalidClient: if the id or the secret is wrong.
        RateLimited: if the client has sent too many requests.
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
    """Issue a token to a client for itself (RFC 6749 section 4.4).

    Raises:
        OAuthError: `unauthorized_client`, `invalid_scope`, or `invalid_grant` if its owner may not sign in.
    """
    _require_grant(client, GrantType.CLIENT_CREDENTIALS)
    owner = client.owner
    if owner.deleted_at is not None or owner.status != Status.ACTIVE:
        raise OAuthError("The owner of this client is not allowed to sign in.", code="invalid_grant")
    granted = _narrowed(client.scopes, scope, client.role)
    may_refresh = GrantType.REFRESH_TOKEN in client.grant_types
    session = sessions.new_session(
        owner, sign_in_context, context, client_id=client.client_id, scope=granted, is_refreshable=may_refresh
    )
    access = access_tokens.issue(AccessClaims(owner.id, session.id, client.role, granted, client.client_id))
    transactions.write(put=session.items)
    return Granted(access, granted, session.refresh_token if may_refresh else None)


def grant_refresh(client: ProvenClient, refresh_token: str, scope: str | None, context: RequestContext) -> Granted:
    """Issue new tokens to a client for its refresh token, which is used up (RFC 6749 section 6).

    Raises:
        OAuthError: `unauthorized_client`, `invalid_grant`, or `invalid_scope`; the last does not use up the token.
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
    """End the session of a token of this client. Any other text is not an error (RFC 7009 section 2.2)."""
    claims = _claims(token)
    if claims is None:
        refresh.revoke(token, context, client_id=client.client_id)
    elif claims.client_id == client.client_id:
        sessions.end(claims.user_id, claims.session_id, context)


def introspect(client: ProvenClient, token: str) -> dict[str, Any]:
    """Return the introspection of an access token (RFC 7662 section 2.2); anything else is reported as not active.

    Tokens of other clients are reported as not active too, unless the client is a resource server.
    """
    claims = _claims(token)
    is_resource_server = ClientScope.INTROSPECT in client.scopes
    if claims is None or not (is_resource_server or claims.client_id == client.client_id):
        return {"active": False}
    if sessions.find_active(claims) is None:
        return {"active": False}
    return {"active": True, "token_type": "Bearer", **access_tokens.payload_of(token)}


def _narrowed(held: Collection[str], scope: str | None, role: Role) -> str:
    """Return the requested scopes (by default all that are held) that the role allows.

    Raises:
        OAuthError: `invalid_scope` if more is requested than held, or nothing is left.
    """
    wanted = set(scope.split()) if scope else set(held)
    if not wanted <= set(held):
        raise OAuthError("The client is not registered for this scope.", code="invalid_scope")
    granted = wanted & session_scopes(role)
    if not granted:
        raise OAuthError("The owner's role does not allow this scope.", code="invalid_scope")
    return " ".join(sorted(granted))


def _claims(token: str) -> AccessClaims | None:
    try:
        return access_tokens.verify(token)
    except (ExpiredToken, InvalidToken):
        return None


def _require_grant(client: ProvenClient, grant: GrantType) -> None:
    if grant not in client.grant_types:
        raise OAuthError("The client is not registered for this grant type.", code="unauthorized_client")
