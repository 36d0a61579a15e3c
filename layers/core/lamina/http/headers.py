"""Headers of every response."""

import re
from collections.abc import Mapping, Sequence

from lamina.ids import new_id
from lamina.limits.quota import Quota
from lamina.settings import settings

CORRELATION = "X-Correlation-Id"
_SANE_CORRELATION = re.compile(r"[A-Za-z0-9._:/=+-]{1,128}")

SECURITY = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Headers that OWASP's REST Security Cheat Sheet recommends; an endpoint may override them."""

SHARED_CACHING = "public, max-age=60, stale-while-revalidate=300"
"""`Cache-Control` of what everybody may read (RFC 9111 section 5.2.2, RFC 5861)."""

EXPOSED = (
    "ETag, Location, Retry-After, WWW-Authenticate, X-Correlation-Id, Idempotent-Replayed, "
    "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
)
"""Headers that browsers expose to scripts (Fetch standard, CORS-exposed header-name list)."""
ACCEPTED = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Api-Key, X-Correlation-Id"
"""Headers that browsers allow scripts to send."""
PREFLIGHT_SECONDS = 600


def quota_headers(quota: Quota | None) -> dict[str, str]:
    """Return the `RateLimit-*` headers for a quota."""
    if quota is None:
        return {}
    return {
        "RateLimit-Limit": str(quota.limit),
        "RateLimit-Remaining": str(quota.remaining),
        "RateLimit-Reset": str(quota.reset),
    }


def standard(headers: Mapping[str, str], correlation: str, *, public: bool) -> dict[str, str]:
    """Return the headers of every response. `headers` are those of the request, keyed in lower case.

    Responses that depend on the caller vary by credential, so that a cache does not serve them to somebody else.
    """
    vary = "Origin" if public else "Origin, Authorization, X-Api-Key"
    return {**SECURITY, **_cors(headers), "Vary": vary, CORRELATION: correlation}


def correlation_id(headers: Mapping[str, str]) -> str:
    """Return the caller's correlation id if it is well formed, else a new one."""
    given = headers.get(CORRELATION.lower(), "")
    return given if _SANE_CORRELATION.fullmatch(given) else new_id()


def preflight(headers: Mapping[str, str], methods: Sequence[str]) -> dict[str, str]:
    """Return the headers of a CORS preflight response for a path with these methods."""
    allow = ", ".join((*methods, "OPTIONS"))
    varying = {"Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers", "Allow": allow}
    if not _is_allowed(headers):
        return varying
    return {
        **varying,
        "Access-Control-Allow-Methods": allow,
        "Access-Control-Allow-Headers": ACCEPTED,
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }


def _cors(headers: Mapping[str, str]) -> dict[str, str]:
    if not _is_allowed(headers):
        return {}
    return {
        "Access-Control-Allow-Origin": headers["origin"],
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": EXPOSED,
    }


def _is_allowed(headers: Mapping[str, str]) -> bool:
    return headers.get("origin") in settings().origins
