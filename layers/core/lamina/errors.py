"""What can go wrong in the domain. Each class says what happened; `lamina.http.errors` says it in HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One bad field: its path from the root of the input (`address.city`) and what to do about it."""

    field: str
    message: str


class LaminaError(Exception):
    """A failure that a caller can understand.

    Attributes:
        code: the machine-readable name, as in the contract (`EMAIL_TAKEN`).
        message: a sentence that says what to do next; never holds secrets, other people's data or internals.
        details: the fields at fault, when there are any.
    """

    code = "INTERNAL"
    message = "Something went wrong on our side. Try again; if it persists, quote the request id."

    def __init__(self, message: str = "", *, code: str = "", details: Sequence[Problem] = ()) -> None:
        self.code = code or self.code
        self.message = message or self.message
        self.details = tuple(details)
        super().__init__(self.message)

    @property
    def extras(self) -> Mapping[str, str]:
        """What else the answer tells, by name."""
        return {}


class Invalid(LaminaError):
    """The input is malformed or breaks its schema."""

    code = "VALIDATION_ERROR"
    message = "Some fields are not valid; see details."


class Unauthenticated(LaminaError):
    """Nobody, or nobody that we can trust, is asking."""

    code = "UNAUTHENTICATED"
    message = "Sign in and send the access token as 'Authorization: Bearer <token>'."


class Forbidden(LaminaError):
    """The caller is known and may not do this."""

    code = "FORBIDDEN"
    message = "Your role does not allow this."


class ReauthenticationRequired(Forbidden):
    """The session was authenticated too long ago for this action."""

    code = "REAUTHENTICATION_REQUIRED"
    message = "This takes a recent sign-in. Send your password to /v1/auth/reauthenticate, then repeat the request."


class NotFound(LaminaError):
    """There is no such thing, or none that the caller may know of."""

    code = "NOT_FOUND"
    message = "There is nothing at this address."


class Conflict(LaminaError):
    """The request clashes with what is stored or with another request."""

    code = "CONFLICT"
    message = "Another request changed this at the same time. Read it again and retry."


class PreconditionFailed(LaminaError):
    """`If-Match` names another version than the stored one (RFC 9110 section 13.1.1)."""

    code = "PRECONDITION_FAILED"
    message = "This has changed since you read it. Read it again, then retry with its new ETag."


class RuleViolated(LaminaError):
    """The input is well formed and breaks a rule of the business."""

    code = "INVALID_TRANSITION"
    message = "This is not possible in the present state."


class Unavailable(LaminaError):
    """Something that we depend on does not answer; trying again later can help."""

    code = "UNAVAILABLE"
    message = "The service is busy. Try again in a few seconds."


class OAuthError(LaminaError):
    """A refusal in the terms of RFC 6749 section 5.2: `code` is its `error`, `message` its `error_description`."""

    code = "invalid_request"


class InvalidClient(OAuthError):
    """The client did not prove to be the one it names."""

    code = "invalid_client"
    message = "The client id or the secret is not right."
