"""Maps errors to HTTP: status, headers and envelope."""

from collections.abc import Sequence
from typing import Any

from lamina import errors
from lamina.http.headers import quota_headers
from lamina.limits.quota import RateLimited
from lamina.settings import settings

STATUS: dict[type[errors.LaminaError], int] = {
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.RuleViolated: 422,
    errors.Unavailable: 503,
    errors.OAuthError: 400,
    errors.InvalidClient: 401,
    errors.LaminaError: 500,
}
RETRY_AFTER_SECONDS = 5


class MethodNotAllowed(errors.LaminaError):
    """The path exists but does not support this method."""

    code = "METHOD_NOT_ALLOWED"
    message = "This method is not supported. See the Allow header for the supported methods."

    def __init__(self, allowed: Sequence[str]) -> None:
        """Create the error; `allowed` are the methods that the path supports."""
        super().__init__()
        self.allowed = ", ".join(allowed)


class UnsupportedMediaType(errors.LaminaError):
    """The body is not JSON."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    message = "Send the body as JSON, with 'Content-Type: application/json'."


class PayloadTooLarge(errors.LaminaError):
    """The body exceeds 1 MB. Above 6 MB of event or 10 MB of body, API Gateway itself returns this error."""

    code = "PAYLOAD_TOO_LARGE"
    message = "The body is too large. The limit is 1 MB."


class CredentialRefused(errors.Unauthenticated):
    """The credential is invalid."""

    message = "The access token is invalid, or its session has ended. Sign in again."


class TokenExpired(CredentialRefused):
    """The access token has expired."""

    code = "TOKEN_EXPIRED"
    message = "The access token has expired. Refresh it, or sign in again."


class Moved(errors.LaminaError):
    """The resource has another path now."""

    code = "MOVED"
    message = "This resource has another path now. Follow the Location header, and use it from now on."

    def __init__(self, path: str = "") -> None:
        """Create the redirect (RFC 9110 section 15.4.9) to the present path, from `/v1` on.

        It is not cached: a resource that gets a former path back would lead to a loop.
        """
        super().__init__()
        self.location = f"{settings().base_path}{path}"


class KeyRequired(errors.LaminaError):
    """The request has no `Idempotency-Key` (RFC 6585 section 3)."""

    code = "IDEMPOTENCY_KEY_REQUIRED"
    message = "Send an Idempotency-Key, a unique text of 1 to 255 visible ASCII characters, to be able to retry safely."


STATUS |= {
    Moved: 308,
    MethodNotAllowed: 405,
    PayloadTooLarge: 413,
    UnsupportedMediaType: 415,
    KeyRequired: 428,
    RateLimited: 429,
}


def status_of(error: errors.LaminaError) -> int:
    """Return the status of an error: that of its nearest base class with a status."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def headers_of(error: errors.LaminaError) -> dict[str, str]:
    """Return the headers of an error response."""
    challenge = _challenge(error)
    if challenge:
        return {"WWW-Authenticate": challenge}
    if isinstance(error, Moved):
        return {"Location": error.location}
    if isinstance(error, MethodNotAllowed):
        return {"Allow": error.allowed}
    if isinstance(error, RateLimited):
        wait = error.quota.reset if error.quota else RETRY_AFTER_SECONDS
        return {"Retry-After": str(wait), **quota_headers(error.quota)}
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return {}


def content(error: errors.LaminaError, request_id: str) -> dict[str, Any]:
    """Return the envelope of an error."""
    details = [{"field": problem.field, "message": problem.message} for problem in error.details]
    event = {"code": error.code, "message": error.message, "details": details, "request_id": request_id}
    return {"error": {**event, **error.extras}}


def _challenge(error: errors.LaminaError) -> str:
    """Return the `WWW-Authenticate` challenge for an error; `""` if authentication is not the problem."""
    if isinstance(error, CredentialRefused):
        return f'Bearer realm="lamina", error="invalid_token", error_description="{error.code}"'
    if isinstance(error, errors.Unauthenticated):
        # RFC 6750 section 3.1: no error code for a request that carried no credential.
        return 'Bearer realm="lamina"'
    if isinstance(error, errors.InvalidClient):
        # RFC 6749 section 5.2: the scheme that clients authenticate with (RFC 7617).
        return 'Basic realm="lamina", charset="UTF-8"'
    return ""
