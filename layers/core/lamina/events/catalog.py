"""Every event that there is: its name, its version, whom it is about, and what its data are.

This is what consumers elsewhere are promised, written in plain types of its own so that a change inside a subject does
not change it unnoticed. `make docs` writes a JSON Schema of each version to `docs/events/`; data may be added as
`NotRequired`, anything else is a new version beside the old one. Data hold ids and facts, never secrets and nothing
personal: a consumer that needs more reads the subject.

An event about what belongs to a user (a key, a session) has the user as its subject, so that it is among the user's
activities.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from pydantic import Field

from lamina.events.event_type import EventType
from lamina.ids import Id

CATALOG: dict[tuple[str, int], EventType[Any]] = {}
"""The events by name and version."""


def _declare[Data: Mapping[str, object]](event_type: EventType[Data]) -> EventType[Data]:
    if CATALOG.setdefault((event_type.name, event_type.version), event_type) is not event_type:
        raise ValueError(f"{event_type.name} version {event_type.version} is declared twice")
    return event_type


class Nothing(TypedDict):
    """The event says it all."""


class UserFacts(TypedDict):
    """The user as it is after the event, as far as it is nothing personal."""

    id: Id
    role: Annotated[str, Field(description="admin, editor or viewer; there may be more one day")]
    status: Annotated[str, Field(description="active, inactive or suspended; there may be more one day")]


class UserChange(UserFacts):
    """The user as it is after the event, and what is new about it."""

    changed: Annotated[list[str], Field(description="the fields that have another value than before")]


class UserEnd(TypedDict):
    """Who it was, and why it had to go."""

    id: Id
    reason: Annotated[str, Field(description="deleted or unverified, for too long; there may be more one day")]


class EmailChangeFacts(TypedDict):
    """Which change of address it was."""

    change_id: Id


class SessionFacts(TypedDict):
    """Which session it was."""

    session_id: Id


class SignInFacts(TypedDict):
    """From where somebody signs in."""

    is_new_place: Annotated[bool, Field(description="whether neither the address nor the device was seen before")]


class ApiKeyFacts(TypedDict):
    """Which API key it was."""

    key_id: Id


class ClientFacts(TypedDict):
    """Which OAuth client it was."""

    client_id: Id


class AvatarRefusal(TypedDict):
    """Which upload it was, and why it became no avatar."""

    upload_id: Id
    reason: Annotated[str, Field(description="unreadable or too_large; there may be more one day")]


class JobFacts(TypedDict):
    """Whose job it is, of what type, and how often it was begun."""

    owner_id: Id
    job_type: Annotated[str, Field(description="report; there may be more one day")]
    attempts: int


class JobFailure(JobFacts):
    """Why the job failed."""

    code: Annotated[str, Field(description="as in the job's `error`")]


class WebhookFacts(TypedDict):
    """Which webhook it was."""

    webhook_id: Id


class WebhookMade(WebhookFacts):
    """Which webhook it was, and whose events it is told of."""

    scope: Annotated[str, Field(description="own or all")]


class WebhookChange(WebhookFacts):
    """Which webhook it was, and what is new about it."""

    changed: Annotated[list[str], Field(description="the fields that have another value than before")]


class WebhookEnd(WebhookFacts):
    """Which webhook it was, and why it is told of nothing any more."""

    host: Annotated[str, Field(description="of its endpoint")]
    reason: Annotated[str, Field(description="failing: it has taken nothing for days; gone: it has answered 410")]


USER_CREATED = _declare(EventType("user.created", "user", UserFacts, "A user was made, by itself or by another."))
USER_UPDATED = _declare(EventType("user.updated", "user", UserChange, "Fields of a user have new values."))
USER_DELETED = _declare(EventType("user.deleted", "user", UserChange, "A user was deleted, and may be restored."))
USER_RESTORED = _declare(EventType("user.restored", "user", UserChange, "A deleted user is back."))
USER_PURGED = _declare(
    EventType("user.purged", "user", UserEnd, "A user is gone for good, and its address and name are free.")
)
USER_AVATAR_REFUSED = _declare(
    EventType("user.avatar_refused", "user", AvatarRefusal, "What was uploaded as an avatar was no picture.")
)

SESSION_STARTED = _declare(EventType("session.started", "user", SessionFacts, "The user has signed in."))
SESSION_REAUTHENTICATED = _declare(
    EventType("session.reauthenticated", "user", SessionFacts, "The user has proven again who it is.")
)
SESSION_ENDED = _declare(EventType("session.ended", "user", SessionFacts, "A session was ended before its time."))
SESSIONS_ENDED = _declare(EventType("sessions.ended", "user", Nothing, "Every session of the user was ended."))
REFRESH_TOKEN_REUSED = _declare(
    EventType("refresh_token.reused", "user", SessionFacts, "A spent refresh token came back; its session is over.")
)
SIGN_IN_FAILED = _declare(EventType("sign_in.failed", "user", Nothing, "Somebody gave a wrong password."))
SIGN_IN_SUSPICIOUS = _declare(
    EventType(
        "sign_in.suspicious",
        "user",
        SessionFacts,
        "The user has signed in from an address and with a device that were not seen with it before.",
    )
)
SECOND_FACTOR_REQUESTED = _declare(
    EventType("second_factor.requested", "user", SignInFacts, "Somebody gave the right password; a code is wanted too.")
)
SECOND_FACTOR_FAILED = _declare(EventType("second_factor.failed", "user", Nothing, "Somebody gave a wrong code."))
ACCOUNT_LOCKED = _declare(
    EventType("account.locked", "user", Nothing, "After too many failures, signing in is closed for a while.")
)

EMAIL_VERIFICATION_REQUESTED = _declare(
    EventType("email_verification.requested", "user", Nothing, "Somebody asked for the mail that proves an address.")
)
EMAIL_VERIFIED = _declare(EventType("email.verified", "user", Nothing, "The user has proven its address."))
EMAIL_CHANGE_REQUESTED = _declare(
    EventType("email_change.requested", "user", EmailChangeFacts, "The user wants another address, yet to be proven.")
)
EMAIL_CHANGED = _declare(EventType("email.changed", "user", EmailChangeFacts, "The user has another address."))
EMAIL_RELEASED = _declare(
    EventType("email.released", "user", EmailChangeFacts, "The user has no longer the address that it had proven.")
)
EMAIL_CHANGE_UNDONE = _declare(
    EventType(
        "email_change.undone", "user", EmailChangeFacts, "A former address is back; all that proved identity is void."
    )
)
SIGN_IN_LINK_REQUESTED = _declare(
    EventType("sign_in_link.requested", "user", Nothing, "Somebody asked for the mail with a link to sign in by.")
)
PASSWORD_RESET_REQUESTED = _declare(
    EventType("password_reset.requested", "user", Nothing, "Somebody asked for the mail that resets the password.")
)
PASSWORD_RESET = _declare(EventType("password.reset", "user", Nothing, "The password was reset by a mailed link."))
PASSWORD_CHANGED = _declare(EventType("password.changed", "user", Nothing, "The user has set another password."))
PASSWORD_REFUSED = _declare(
    EventType("password.refused", "user", Nothing, "Who is signed in gave a wrong current password.")
)

MFA_ACTIVATED = _declare(EventType("mfa.activated", "user", Nothing, "Signing in takes a second factor from now on."))
MFA_REMOVED = _declare(EventType("mfa.removed", "user", Nothing, "An administrator removed the second factor."))
MFA_DISABLED = _declare(EventType("mfa.disabled", "user", Nothing, "Signing in takes no second factor any more."))

API_KEY_CREATED = _declare(EventType("api_key.created", "user", ApiKeyFacts, "An API key was made."))
API_KEY_REVOKED = _declare(EventType("api_key.revoked", "user", ApiKeyFacts, "An API key is good no longer."))
OAUTH_CLIENT_CREATED = _declare(EventType("oauth_client.created", "user", ClientFacts, "An OAuth client was made."))
OAUTH_CLIENT_DELETED = _declare(EventType("oauth_client.deleted", "user", ClientFacts, "An OAuth client is gone."))

JOB_REQUESTED = _declare(EventType("job.requested", "job", JobFacts, "Somebody asked for a job; it waits to be begun."))
JOB_REQUEUED = _declare(EventType("job.requeued", "job", JobFacts, "An attempt was lost; the job waits for another."))
JOB_SUCCEEDED = _declare(EventType("job.succeeded", "job", JobFacts, "A job is done, and its result is there."))
JOB_FAILED = _declare(EventType("job.failed", "job", JobFailure, "A job was given up."))
JOB_CANCELLED = _declare(EventType("job.cancelled", "job", JobFacts, "A job was cancelled before it was done."))

WEBHOOK_CREATED = _declare(EventType("webhook.created", "user", WebhookMade, "A webhook was made."))
WEBHOOK_UPDATED = _declare(EventType("webhook.updated", "user", WebhookChange, "Fields of a webhook have new values."))
WEBHOOK_DELETED = _declare(EventType("webhook.deleted", "user", WebhookFacts, "A webhook is gone."))
WEBHOOK_SECRET_ROTATED = _declare(
    EventType(
        "webhook.secret_rotated", "user", WebhookFacts, "A webhook signs by a new secret, and by the old one for a day."
    )
)
WEBHOOK_DISABLED = _declare(
    EventType(
        "webhook.disabled", "user", WebhookEnd, "A webhook was disabled because its endpoint kept failing, or is gone."
    )
)
