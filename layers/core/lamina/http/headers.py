"""Headers that every answer carries."""

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
"""What OWASP's REST Security Cheat Sheet asks of every answer; a route may say otherwise for itself."""

EXPOSED = (
    "ETag, Location, Retry-After, WWW-Authenticate, X-Correlation-Id, Idempotent-Replayed, "
    "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
)
"""Headers that a browser lets a page read (Fetch standard, CORS-exposed header-name list)."""
ACCEPTED = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Api-Key, X-Correlation-Id"
"""Headers that a browser lets a page send."""
PREFLIGHT_SECONDS = 600


def quota_headers(quota: Quota | None) -> dict[str, str]:
    """Give the headers that tell how many more requests may come, and in how many seconds the next is free again."""
    if quota is None:
        return {}
    return {
        "RateLimit-Limit": str(quota.limit),
        "RateLimit-Remaining": str(quota.remaining),
        "RateLimit-Reset": str(quota.reset),
    }


def standard(headers: Mapping[str, str], correlation: str, *, public: bool) -> dict[str, str]:
    """Give the headers of every answer; `headers` are the request's, keyed in lower case.

    An answer that depends on its caller says so: a cache must not show it to the next one who signs in.
    """
    vary = "Origin" if public else "Origin, Authorization, X-Api-Key"
    return {**SECURITY, **_cors(headers), "Vary": vary, CORRELATION: correlation}


def correlation_id(headers: Mapping[str, str]) -> str:
    """Take the caller's correlation id if it is sane, else make one."""
    given = headers.get(CORRELATION.lower(), "")
    return given if _SANE_CORRELATION.fullmatch(given) else new_id()


def preflight(headers: Mapping[str, str], methods: Sequence[str]) -> dict[str, str]:
    """Answer a CORS preflight: what a page of an allowed origin may send to a path with these methods."""
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
