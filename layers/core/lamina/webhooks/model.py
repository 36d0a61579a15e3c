"""A webhook and a delivery, as the domain sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lamina.users.model import User


class WebhookScope(StrEnum):
    """Whose events a webhook is told of."""

    OWN = "own"
    """Those of its owner."""
    ALL = "all"
    """Everybody's, while its owner may manage users."""


class WebhookStatus(StrEnum):
    """Whether a webhook is told of anything."""

    ENABLED = "enabled"
    DISABLED = "disabled"


DISABLED_AFTER_DAYS = 4
"""How long an endpoint may fail, with no success in between, until its webhook is disabled."""


class DisabledReason(StrEnum):
    """Why a webhook is disabled that nobody has disabled."""

    FAILING = "failing"
    GONE = "gone"


REASONS = {
    DisabledReason.FAILING: f"it has not accepted any event for {DISABLED_AFTER_DAYS} days",
    DisabledReason.GONE: "it has returned 410 Gone, which asks for no further requests",
}
"""Descriptions of the reasons; the subject is the endpoint."""


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A webhook at one version.

    Attributes:
        id: UUIDv7.
        owner_id: the user who made it.
        url: where events go.
        events: types of events, and patterns of them (`user.*`, `*`).
        description: for people.
        scope: whose events.
        status: whether it is told of anything.
        disabled_reason: why it is not, unless somebody wanted it so.
        version: counts changes from 1.
        created_at: RFC 3339 UTC.
        updated_at: RFC 3339 UTC.
        credential_epoch: the owner's when it was made; another one now makes it void.
    """

    id: str
    owner_id: str
    url: str
    events: Sequence[str]
    description: str
    scope: WebhookScope
    status: WebhookStatus
    disabled_reason: DisabledReason | None
    version: int
    created_at: str
    updated_at: str
    credential_epoch: int = 0

    def is_revoked(self, owner: User) -> bool:
        """Tell whether it was revoked together with all other credentials of its owner."""
        return self.credential_epoch != owner.credential_epoch


class DeliveryStatus(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"
    """It will be tried, or tried again."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """It will not be tried again, unless somebody asks for it."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One request to an endpoint, and what came of it.

    Attributes:
        at: when it was sent, RFC 3339 UTC.
        status: the HTTP status of the answer; None without an answer.
        milliseconds: how long it took.
        error: why there is no good answer; None when there is.
        answer: the first kilobyte of the answer's body.
    """

    at: str
    status: int | None
    milliseconds: int
    error: str | None
    answer: str

    @property
    def succeeded(self) -> bool:
        """Whether the endpoint has taken the event."""
        return self.error is None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One event on its way to one endpoint.

    Attributes:
        id: UUIDv7; the same for the same event and webhook.
        webhook_id: where it goes.
        event_id: what is told: the `webhook-id` of its requests.
        event_type: what has happened.
        status: how far it has come.
        attempts: the last of its requests, oldest first.
        next_attempt_at: when it will be tried again, at the earliest; None when it will not.
        created_at: RFC 3339 UTC.
    """

    id: str
    webhook_id: str
    event_id: str
    event_type: str
    status: DeliveryStatus
    attempts: Sequence[Attempt]
    next_attempt_at: str | None
    created_at: str
