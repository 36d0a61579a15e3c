"""Domain errors. `lamina.http.errors` maps them to HTTP, `lamina.graphql_errors` to GraphQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """An invalid field: its path from the root of the input (`address.city`), and what is wrong with it."""

    field: str
    message: str


class LaminaError(Exception):
    """An error that the caller can understand.

    Attributes:
        code: the machine-readable code, as in the contract (`EMAIL_TAKEN`).
        message: a sentence that says what to do next. Never contains secrets, personal data of others or internals.
        details: the invalid fields, if any.
    """

    code = "INTERNAL"
    message = "An internal error occurred. Try again. If the problem persists, contact support with the request id."

    def __init__(self, message: str = "", *, code: str = "", details: Sequence[Problem] = ()) -> None:
        self.code = code or self.code
        self.message = message or self.message
        self.details = tuple(details)
        super().__init__(self.message)

    @property
    def extras(self) -> Mapping[str, str]:
        """Further members of the error object, by name."""
        return {}


class Invalid(LaminaError):
    """The input is malformed or does not match the schema."""

    code = "VALIDATION_ERROR"
    message = "Some fields are invalid. See details."


class Unauthenticated(LaminaError):
    """The request has no valid credential."""

    code = "UNAUTHENTICATED"
    message = "Sign in and send the access token as 'Authorization: Bearer <token>'."


class Forbidden(LaminaError):
    """The caller is authenticated but not allowed to do this."""

    code = "FORBIDDEN"
    message = "Your role does not allow this."


class ReauthenticationRequired(Forbidden):
    """The last authentication of the session is too long ago for this action."""

    code = "REAUTHENTICATION_REQUIRED"
    message = "This action requires recent authentication. Call POST /v1/auth/reauthenticate, then repeat the request."


class NotFound(LaminaError):
    """The resource does not exist, or the caller is not allowed to know that it does."""

    code = "NOT_FOUND"
    message = "The resource was not found."


class Conflict(LaminaError):
    """The request conflicts with the stored state or with another request."""

    code = "CONFLICT"
    message = "Another request changed this resource at the same time. Get it again and retry."


class PreconditionFailed(LaminaError):
    """`If-Match` does not match the current version (RFC 9110 section 13.1.1)."""

    code = "PRECONDITION_FAILED"
    message = "The resource has changed since you read it. Get it again and retry with its current ETag."


class RuleViolated(LaminaError):
    """The input is well formed but violates a business rule."""

    code = "INVALID_TRANSITION"
    message = "This is not possible in the current state of the resource."


class Unavailable(LaminaError):
    """A dependency does not respond; a later retry can succeed."""

    code = "UNAVAILABLE"
    message = "The service is temporarily unavailable. Try again in a few seconds."


class OAuthError(LaminaError):
    """An OAuth error (RFC 6749 section 5.2): `code` is its `error`, `message` its `error_description`."""

    code = "invalid_request"


class InvalidClient(OAuthError):
    """Client authentication failed."""

    code = "invalid_client"
    message = "The client id or the client secret is wrong."
