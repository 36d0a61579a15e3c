"""The domain model of webhooks and deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lamina.users.model import User


class WebhookScope(StrEnum):
    """Whose events a webhook receives."""

    OWN = "own"
    """Events of its owner."""
    ALL = "all"
    """Events of everybody, while its owner may manage users."""


class WebhookStatus(StrEnum):
    """Whether a webhook receives events."""

    ENABLED = "enabled"
    DISABLED = "disabled"


DISABLED_AFTER_DAYS = 4
"""How long an endpoint may fail without a success until its webhook is disabled."""


class DisabledReason(StrEnum):
    """Why a webhook was disabled automatically."""

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
        owner_id: the user who created it.
        url: URL that receives events.
        events: event types and patterns (`user.*`, `*`).
        description: description for people.
        scope: whose events it receives.
        status: whether it receives events.
        disabled_reason: why it was disabled automatically; None if it was not.
        version: number of changes, from 1.
        created_at: RFC 3339 UTC.
        updated_at: RFC 3339 UTC.
        credential_epoch: the owner's at creation; the webhook is void if it differs now.
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
        """Return whether it was revoked together with all other credentials of its owner."""
        return self.credential_epoch != owner.credential_epoch


class DeliveryStatus(StrEnum):
    """The status of a delivery."""

    PENDING = "pending"
    """It is to be attempted, for the first time or again."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """It is not retried, unless somebody requests it."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One request to an endpoint, and its result.

    Attributes:
        at: when it was sent, RFC 3339 UTC.
        status: HTTP status of the response; None without a response.
        milliseconds: duration.
        error: why it failed; None if it succeeded.
        answer: the first kilobyte of the response body.
    """

    at: str
    status: int | None
    milliseconds: int
    error: str | None
    answer: str

    @property
    def succeeded(self) -> bool:
        """Whether the endpoint has accepted the event."""
        return self.error is None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The delivery of one event to one endpoint.

    Attributes:
        id: UUIDv7; derived from event and webhook.
        webhook_id: id of the webhook.
        event_id: id of the event: the `webhook-id` of its requests.
        event_type: type of the event.
        status: its status.
        attempts: its latest requests, oldest first.
        next_attempt_at: the earliest time of the next attempt; None if there is none.
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
