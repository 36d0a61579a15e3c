"""Errors as HTTP: the one place where a failure gets its status, its headers and its envelope."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 (botocore's own name)
from pynamodb.exceptions import PynamoDBException

from lamina import errors
from lamina.http.headers import quota_headers
from lamina.limits.quota import RateLimited

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
SERVER_ERRORS = 500

_THROTTLED = {
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "LimitExceededException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
"""Refusals of AWS services that a later try may not get."""


class MethodNotAllowed(errors.LaminaError):
    """The path exists, with other methods."""

    code = "METHOD_NOT_ALLOWED"
    message = "This address takes other methods; see the Allow header."

    def __init__(self, allowed: Sequence[str]) -> None:
        """Take the methods that the path does serve."""
        super().__init__()
        self.allowed = ", ".join(allowed)


class UnsupportedMediaType(errors.LaminaError):
    """The body is in another format than JSON."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    message = "Send the body as JSON, with 'Content-Type: application/json'."


class PayloadTooLarge(errors.LaminaError):
    """The body is larger than 1 MB. Beyond 6 MB of event or 10 MB of body, API Gateway returns this in our name."""

    code = "PAYLOAD_TOO_LARGE"
    message = "The body is too large; 1 MB is the limit."


class CredentialRefused(errors.Unauthenticated):
    """A credential was sent, and it is not one that we trust."""

    message = "This access token is not valid, or its session is over. Sign in again."


class TokenExpired(CredentialRefused):
    """The access token was good and is over."""

    code = "TOKEN_EXPIRED"
    message = "The access token has expired. Refresh it, or sign in again."


STATUS |= {MethodNotAllowed: 405, PayloadTooLarge: 413, UnsupportedMediaType: 415, RateLimited: 429}


def status_of(error: errors.LaminaError) -> int:
    """Tell the status of an error: that of the nearest class that has one."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def as_lamina_error(error: BaseException | None) -> errors.LaminaError | None:
    """Read an exception, or what it was raised from, as something that the caller can understand; None for a bug."""
    if error is None or isinstance(error, errors.LaminaError):
        return error
    if isinstance(error, ConnectionError | HTTPClientError) or (isinstance(error, ClientError) and _is_busy(error)):
        return errors.Unavailable()
    return as_lamina_error(error.cause if isinstance(error, PynamoDBException) else error.__cause__)


def headers_of(error: errors.LaminaError) -> dict[str, str]:
    """Give the headers that belong to an error."""
    challenge = _challenge(error)
    if challenge:
        return {"WWW-Authenticate": challenge}
    if isinstance(error, MethodNotAllowed):
        return {"Allow": error.allowed}
    if isinstance(error, RateLimited):
        wait = error.quota.reset if error.quota else RETRY_AFTER_SECONDS
        return {"Retry-After": str(wait), **quota_headers(error.quota)}
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return {}


def content(error: errors.LaminaError, request_id: str) -> dict[str, Any]:
    """Compose the envelope of an error."""
    details = [{"field": problem.field, "message": problem.message} for problem in error.details]
    event = {"code": error.code, "message": error.message, "details": details, "request_id": request_id}
    return {"error": {**event, **error.extras}}


def _challenge(error: errors.LaminaError) -> str:
    """Say how to prove who asks; `""` for an error that is not about that."""
    if isinstance(error, CredentialRefused):
        return f'Bearer realm="lamina", error="invalid_token", error_description="{error.code}"'
    if isinstance(error, errors.Unauthenticated):
        # RFC 6750 section 3.1: no error code for a request that carried no credential.
        return 'Bearer realm="lamina"'
    if isinstance(error, errors.InvalidClient):
        # RFC 6749 section 5.2: in the scheme that clients prove themselves by (RFC 7617).
        return 'Basic realm="lamina", charset="UTF-8"'
    return ""


def _is_busy(refusal: ClientError) -> bool:
    response = refusal.response
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= SERVER_ERRORS or response.get("Error", {}).get("Code") in _THROTTLED
