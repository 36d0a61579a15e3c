"""The catalog of events: name, version, subject and data of each.

This is the contract with consumers. It uses plain types of its own, so that a change inside a subject does not change
it by accident. `make docs` writes a JSON Schema of each version to `docs/events/`. New data may be added as
`NotRequired`; anything else requires a new version beside the old one. Data contain ids and facts, never secrets or
personal data: a consumer that needs more reads the subject.

Events about something that belongs to a user (a key, a session) have the user as their subject, so that they appear
among the user's activities.
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
    """No data beyond the event itself."""


class UserFacts(TypedDict):
    """The user after the event, without personal data."""

    id: Id
    role: Annotated[str, Field(description="admin, editor or viewer; more may be added")]
    status: Annotated[str, Field(description="active, inactive or suspended; more may be added")]


class UserChange(UserFacts):
    """The user after the event, and which fields changed."""

    changed: Annotated[list[str], Field(description="the fields whose values changed")]


class UserEnd(TypedDict):
    """The user that was purged, and why."""

    id: Id
    reason: Annotated[str, Field(description="deleted or unverified (for too long); more may be added")]


class EmailChangeFacts(TypedDict):
    """The change of e-mail address."""

    change_id: Id


class SessionFacts(TypedDict):
    """The session."""

    session_id: Id


class SignInFacts(TypedDict):
    """The origin of a sign-in."""

    is_new_place: Annotated[bool, Field(description="whether neither the IP address nor the device is known")]


class ApiKeyFacts(TypedDict):
    """The API key."""

    key_id: Id


class ClientFacts(TypedDict):
    """The OAuth client."""

    client_id: Id


class AvatarRefusal(TypedDict):
    """The upload, and why it was refused."""

    upload_id: Id
    reason: Annotated[str, Field(description="unreadable or too_large; more may be added")]


class JobFacts(TypedDict):
    """The job: its owner, its type and the number of attempts."""

    owner_id: Id
    job_type: Annotated[str, Field(description="report; more may be added")]
    attempts: int


class JobFailure(JobFacts):
    """The job, and why it failed."""

    code: Annotated[str, Field(description="as in the job's `error`")]


class WebhookFacts(TypedDict):
    """The webhook."""

    webhook_id: Id


class WebhookMade(WebhookFacts):
    """The webhook, and whose events it receives."""

    scope: Annotated[str, Field(description="own or all")]


class WebhookChange(WebhookFacts):
    """The webhook, and which fields changed."""

    changed: Annotated[list[str], Field(description="the fields whose values changed")]


class WebhookEnd(WebhookFacts):
    """The webhook, and why it was disabled."""

    host: Annotated[str, Field(description="the host of its endpoint")]
    reason: Annotated[str, Field(description="failing: no event accepted for days; gone: it returned 410")]


class PostFacts(TypedDict):
    """The post after the event, without its text."""

    id: Id
    owner_id: Annotated[Id, Field(description="its author")]
    visibility: Annotated[str, Field(description="public or private; more may be added")]
    published: bool


class PostChange(PostFacts):
    """The post after the event, and which fields changed."""

    changed: Annotated[list[str], Field(description="the fields whose values changed")]


class ProductFacts(TypedDict):
    """The product after the event."""

    id: Id
    sku: str
    active: Annotated[bool, Field(description="whether it is for sale")]


class ProductChange(ProductFacts):
    """The product after the event, and which fields changed."""

    changed: Annotated[list[str], Field(description="the fields whose values changed")]


class StockFacts(ProductFacts):
    """The product, and what was added to or removed from its stock."""

    change_id: Annotated[Id, Field(description="id of the entry in the stock ledger, which holds the reason")]
    change: Annotated[int, Field(description="pieces added; negative if they were removed")]


class OrderFacts(TypedDict):
    """The order after the event."""

    id: Id
    owner_id: Annotated[Id, Field(description="its customer")]
    status: Annotated[str, Field(description="pending, reserved, paid, confirmed, rejected or cancelled")]
    amount: Annotated[int, Field(description="its total in minor units of the currency")]
    currency: Annotated[str, Field(description="ISO 4217")]


class OrderRejection(OrderFacts):
    """The order after the event, and why it was rejected."""

    reason: Annotated[str, Field(description="as in the order's `reason`; more may be added")]


USER_CREATED = _declare(EventType("user.created", "user", UserFacts, "A user was created."))
USER_UPDATED = _declare(EventType("user.updated", "user", UserChange, "A user was updated."))
USER_DELETED = _declare(EventType("user.deleted", "user", UserChange, "A user was soft-deleted; it can be restored."))
USER_RESTORED = _declare(EventType("user.restored", "user", UserChange, "A deleted user was restored."))
USER_PURGED = _declare(
    EventType("user.purged", "user", UserEnd, "A user was purged; its e-mail address and username are free.")
)
USER_AVATAR_REFUSED = _declare(
    EventType("user.avatar_refused", "user", AvatarRefusal, "An uploaded avatar was not a valid picture.")
)

SESSION_STARTED = _declare(EventType("session.started", "user", SessionFacts, "The user signed in."))
SESSION_REAUTHENTICATED = _declare(
    EventType("session.reauthenticated", "user", SessionFacts, "The user reauthenticated.")
)
SESSION_ENDED = _declare(EventType("session.ended", "user", SessionFacts, "A session was ended before it expired."))
SESSIONS_ENDED = _declare(EventType("sessions.ended", "user", Nothing, "All sessions of the user were ended."))
REFRESH_TOKEN_REUSED = _declare(
    EventType("refresh_token.reused", "user", SessionFacts, "A used refresh token was reused; its session was ended.")
)
SIGN_IN_FAILED = _declare(EventType("sign_in.failed", "user", Nothing, "A sign-in failed because of a wrong password."))
SIGN_IN_SUSPICIOUS = _declare(
    EventType(
        "sign_in.suspicious",
        "user",
        SessionFacts,
        "The user signed in from an unknown IP address with an unknown device.",
    )
)
SECOND_FACTOR_REQUESTED = _declare(
    EventType("second_factor.requested", "user", SignInFacts, "The password was correct; a code is required.")
)
SECOND_FACTOR_FAILED = _declare(EventType("second_factor.failed", "user", Nothing, "A second factor code was wrong."))
ACCOUNT_LOCKED = _declare(
    EventType("account.locked", "user", Nothing, "The account was locked after too many failed sign-ins.")
)

EMAIL_VERIFICATION_REQUESTED = _declare(
    EventType("email_verification.requested", "user", Nothing, "A verification mail was requested.")
)
EMAIL_VERIFIED = _declare(EventType("email.verified", "user", Nothing, "The user verified its e-mail address."))
EMAIL_CHANGE_REQUESTED = _declare(
    EventType("email_change.requested", "user", EmailChangeFacts, "The user requested a change of its e-mail address.")
)
EMAIL_CHANGED = _declare(EventType("email.changed", "user", EmailChangeFacts, "The e-mail address was changed."))
EMAIL_RELEASED = _declare(
    EventType("email.released", "user", EmailChangeFacts, "A verified e-mail address no longer belongs to the user.")
)
EMAIL_CHANGE_UNDONE = _declare(
    EventType("email_change.undone", "user", EmailChangeFacts, "A change of e-mail address was undone.")
)
SIGN_IN_LINK_REQUESTED = _declare(
    EventType("sign_in_link.requested", "user", Nothing, "A mail with a sign-in link was requested.")
)
PASSWORD_RESET_REQUESTED = _declare(
    EventType("password_reset.requested", "user", Nothing, "A password reset mail was requested.")
)
PASSWORD_RESET = _declare(EventType("password.reset", "user", Nothing, "The password was reset with a mailed link."))
PASSWORD_CHANGED = _declare(EventType("password.changed", "user", Nothing, "The user changed its password."))
PASSWORD_REFUSED = _declare(
    EventType("password.refused", "user", Nothing, "A signed-in user entered a wrong current password.")
)

MFA_ACTIVATED = _declare(EventType("mfa.activated", "user", Nothing, "The second factor was activated."))
MFA_REMOVED = _declare(EventType("mfa.removed", "user", Nothing, "The second factor was removed by an administrator."))
MFA_DISABLED = _declare(EventType("mfa.disabled", "user", Nothing, "The second factor was disabled by the user."))

API_KEY_CREATED = _declare(EventType("api_key.created", "user", ApiKeyFacts, "An API key was created."))
API_KEY_REVOKED = _declare(EventType("api_key.revoked", "user", ApiKeyFacts, "An API key was revoked."))
OAUTH_CLIENT_CREATED = _declare(EventType("oauth_client.created", "user", ClientFacts, "An OAuth client was created."))
OAUTH_CLIENT_DELETED = _declare(EventType("oauth_client.deleted", "user", ClientFacts, "An OAuth client was deleted."))

JOB_REQUESTED = _declare(EventType("job.requested", "job", JobFacts, "A job was requested and is queued."))
JOB_STARTED = _declare(EventType("job.started", "job", JobFacts, "An attempt at a job has started."))
JOB_REQUEUED = _declare(EventType("job.requeued", "job", JobFacts, "An attempt was lost; the job was queued again."))
JOB_SUCCEEDED = _declare(EventType("job.succeeded", "job", JobFacts, "A job succeeded; its result is available."))
JOB_FAILED = _declare(EventType("job.failed", "job", JobFailure, "A job failed and is not retried."))
JOB_CANCELLED = _declare(EventType("job.cancelled", "job", JobFacts, "A job was cancelled before it finished."))

WEBHOOK_CREATED = _declare(EventType("webhook.created", "user", WebhookMade, "A webhook was created."))
WEBHOOK_UPDATED = _declare(EventType("webhook.updated", "user", WebhookChange, "A webhook was updated."))
WEBHOOK_DELETED = _declare(EventType("webhook.deleted", "user", WebhookFacts, "A webhook was deleted."))
WEBHOOK_SECRET_ROTATED = _declare(
    EventType(
        "webhook.secret_rotated", "user", WebhookFacts, "The secret was rotated; the old one stays valid for 24 hours."
    )
)
WEBHOOK_DISABLED = _declare(
    EventType("webhook.disabled", "user", WebhookEnd, "A webhook was disabled because its endpoint is failing or gone.")
)

POST_CREATED = _declare(EventType("post.created", "post", PostFacts, "A post was created."))
POST_UPDATED = _declare(EventType("post.updated", "post", PostChange, "A post was updated."))
POST_PUBLISHED = _declare(EventType("post.published", "post", PostFacts, "A post was published."))
POST_UNPUBLISHED = _declare(EventType("post.unpublished", "post", PostFacts, "A post was unpublished."))
POST_DELETED = _declare(EventType("post.deleted", "post", PostFacts, "A post was deleted; its slugs are free."))

PRODUCT_CREATED = _declare(EventType("product.created", "product", ProductFacts, "A product was created."))
PRODUCT_UPDATED = _declare(EventType("product.updated", "product", ProductChange, "A product was updated."))
PRODUCT_DELETED = _declare(
    EventType("product.deleted", "product", ProductFacts, "A product was deleted: it is not for sale any more.")
)
PRODUCT_STOCK_CHANGED = _declare(
    EventType(
        "product.stock_changed", "product", StockFacts, "The stock of a product was changed, other than by an order."
    )
)

ORDER_PLACED = _declare(EventType("order.placed", "order", OrderFacts, "An order was placed; nothing is reserved yet."))
ORDER_RESERVED = _declare(EventType("order.reserved", "order", OrderFacts, "The pieces of an order were reserved."))
ORDER_PAID = _declare(EventType("order.paid", "order", OrderFacts, "The total of an order was charged."))
ORDER_CONFIRMED = _declare(EventType("order.confirmed", "order", OrderFacts, "The pieces of an order were sold."))
ORDER_REJECTED = _declare(EventType("order.rejected", "order", OrderRejection, "An order was ended by the system."))
ORDER_CANCELLED = _declare(EventType("order.cancelled", "order", OrderFacts, "An order was cancelled."))
PAYMENT_REFUNDED = _declare(
    EventType("payment.refunded", "order", OrderFacts, "The total of an order that had ended was refunded.")
)
