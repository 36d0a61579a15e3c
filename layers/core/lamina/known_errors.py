"""Exceptions as errors that callers can understand: outages of AWS are `Unavailable`, and all others are bugs."""

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 (botocore's own name)
from pynamodb.exceptions import PynamoDBException

from lamina.errors import LaminaError, Unavailable
from lamina.observability.logs import log_failure, log_unavailable

SERVER_ERRORS = 500
_THROTTLED = {
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "LimitExceededException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
"""AWS error codes that a retry may resolve."""


def known_error(error: Exception) -> LaminaError:
    """Return an exception as an error that the caller can understand. Bugs and outages are logged."""
    known = as_lamina_error(error)
    if known is None:
        log_failure(error)
        return LaminaError()
    if isinstance(known, Unavailable) and known is not error:
        log_unavailable(error)
    return known


def as_lamina_error(error: BaseException | None) -> LaminaError | None:
    """Return an exception, or its cause, as an error that the caller can understand; None for a bug."""
    if error is None or isinstance(error, LaminaError):
        return error
    if isinstance(error, ConnectionError | HTTPClientError) or (isinstance(error, ClientError) and _is_busy(error)):
        return Unavailable()
    return as_lamina_error(error.cause if isinstance(error, PynamoDBException) else error.__cause__)


def _is_busy(refusal: ClientError) -> bool:
    response = refusal.response
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= SERVER_ERRORS or response.get("Error", {}).get("Code") in _THROTTLED
