"""Authenticates requests for the authorizer: from a credential to a caller."""

import re
import time
from collections.abc import Mapping

from lamina import ids
from lamina.identity.credentials import api_keys
from lamina.identity.items import SessionItem
from lamina.identity.model import AccessClaims
from lamina.identity.sessions import service as sessions
from lamina.identity.tokens.access_tokens import ExpiredToken, InvalidToken, verify
from lamina.identity.tokens.token_secrets import digest
from lamina.limits import rules
from lamina.limits.quota import Quota, RateLimited
from lamina.limits.rules import Window
from lamina.settings import settings
from lamina.users.model import User

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")
"""RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1)."""
CACHED_CREDENTIALS = 10_000
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
"""Safe methods (RFC 9110 section 9.2.1). Only these may use cached results."""

type Context = dict[str, str]
"""The authorizer context of a request: for a caller `user_id`, `role`, `session_id`, `scope`, `credential`,
`credential_id`, `authenticated_at`, and the user's `session_epoch`, `credential_epoch` and `email_verified`; otherwise
`problem`. Both with `quota`: limit, remaining and reset, separated by spaces."""

_trusted: dict[str, tuple[float, Context]] = {}
"""Cache of valid credentials: by hash, the monotonic time until which the result is valid, and the result."""


def authenticate(method: str, headers: Mapping[str, str], address: str) -> Context:
    """Return who sends a request and how many more requests are allowed.

    Args:
        method: method of the request.
        headers: headers of the request, by lower-case name.
        address: IP address that API Gateway saw.
    """
    context = _caller(headers, may_be_cached=method in SAFE_METHODS)
    try:
        quota = rules.count(_windows(context, address))
    except RateLimited as refused:
        return {"problem": refused.code, "quota": _text(refused.quota)}
    return {**context, "quota": _text(quota)} if quota else context


def _windows(context: Context, address: str) -> list[Window]:
    """Return the rate limit windows of a request: of its client, its user or its IP address."""
    if "user_id" not in context:
        return rules.by_address(rules.ANONYMOUS, address)
    is_client = context["credential"] == "oauth_client"
    return [(rules.CALLER, rules.client(context["credential_id"]) if is_client else context["user_id"])]


def _caller(headers: Mapping[str, str], *, may_be_cached: bool) -> Context:
    """Return the caller of a credential, checked in the table, or in the cache where that is allowed."""
    # A token is accepted only where tokens are sent, and a key where keys are: the header is part of the credential.
    header, read = ("authorization", _of_token) if "authorization" in headers else ("x-api-key", _of_key)
    text = headers.get(header, "")
    credential = digest(f"{header} {text}")
    until, context = _trusted.get(credential, (0.0, {}))
    if may_be_cached and until > time.monotonic():
        return context
    _trusted.pop(credential, None)
    context = read(text)
    # Users without a verified address are checked each time, so that verification takes effect immediately.
    if context.get("email_verified") and settings().authorizer_cache_seconds:
        if len(_trusted) >= CACHED_CREDENTIALS:
            _trusted.clear()
        _trusted[credential] = (time.monotonic() + _trust_seconds(context), context)
    return context


def _trust_seconds(context: Context) -> float:
    """Return for how many seconds a result may be cached: the cache time, but not beyond the credential's expiry."""
    left = float(context["ends"]) - time.time() if context["ends"] else settings().authorizer_cache_seconds
    return min(settings().authorizer_cache_seconds, left)


def _of_token(authorization: str) -> Context:
    bearer = _BEARER.fullmatch(authorization)
    if bearer is None:
        return {"problem": "UNAUTHENTICATED"}
    try:
        claims = verify(bearer[1])
    except ExpiredToken:
        return {"problem": "TOKEN_EXPIRED"}
    except InvalidToken:
        return {"problem": "UNAUTHENTICATED"}
    found = sessions.find_active(claims)
    if found is None:
        return {"problem": "UNAUTHENTICATED"}
    session, user = found
    return _context(claims, session) | _state(user)


def _of_key(text: str) -> Context:
    proven = api_keys.prove(text)
    if proven is None:
        return {"problem": "UNAUTHENTICATED"}
    return {
        "user_id": proven.owner.id,
        "role": proven.role,
        "session_id": "",
        "scope": " ".join(proven.key.scopes),
        "credential": "api_key",
        "authenticated_at": "",
        "credential_id": proven.key.id,
        "ends": str(ids.epoch_of(proven.key.expires_at)) if proven.key.expires_at else "",
    } | _state(proven.owner)


def _context(claims: AccessClaims, session: SessionItem) -> Context:
    return {
        "user_id": claims.user_id,
        "role": claims.role,
        "session_id": claims.session_id,
        "scope": claims.scope,
        "credential": "oauth_client" if claims.client_id else "session",
        "authenticated_at": "" if claims.client_id else str(sessions.authenticated_at(session)),
        "credential_id": claims.client_id or claims.session_id,
        "ends": str(claims.ends),
    }


def _state(user: User) -> Context:
    """Return the state of the user, which writes with this credential require to be unchanged."""
    return {
        "session_epoch": str(user.session_epoch),
        "credential_epoch": str(user.credential_epoch),
        "email_verified": "true" if user.email_verified else "",
    }


def _text(quota: Quota | None) -> str:
    return f"{quota.limit} {quota.remaining} {quota.reset}" if quota else ""
