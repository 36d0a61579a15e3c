"""What clients see of webhooks and deliveries."""

from typing import TypedDict

from pydantic import BaseModel, ConfigDict, Field

from lamina.ids import Href, Id, Instant
from lamina.webhooks.model import (
    REASONS,
    Delivery,
    DeliveryStatus,
    DisabledReason,
    Webhook,
    WebhookScope,
    WebhookStatus,
)


class WebhookView(BaseModel):
    """A webhook, without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    owner_id: Id
    url: str = Field(examples=["https://example.com/hooks/lamina"])
    events: list[str] = Field(examples=[["user.*"]])
    description: str = Field(examples=["Shop floor"])
    scope: WebhookScope
    status: WebhookStatus
    disabled_reason: DisabledReason | None = Field(
        description=f"Why nothing is sent to the endpoint: `failing` ({REASONS[DisabledReason.FAILING]}) or `gone` "
        f"({REASONS[DisabledReason.GONE]}); null while it is enabled, and when somebody disabled it.",
        examples=[None],
    )
    version: int = Field(examples=[1])
    created_at: Instant
    updated_at: Instant


class SecretWebhookView(WebhookView):
    """A webhook with its secret, which is told only now."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class AttemptView(BaseModel):
    """One request to the endpoint."""

    model_config = ConfigDict(from_attributes=True)

    at: Instant
    status: int | None = Field(description="Of the answer; null without one.", examples=[503])
    milliseconds: int = Field(examples=[41])
    error: str | None = Field(description="Why it counts as failed; null when it does not.", examples=[None])
    answer: str = Field(description="The first kilobyte of the answer's body.", examples=["busy"])


class DeliveryView(BaseModel):
    """One event on its way to the endpoint."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    webhook_id: Id
    event_id: Id = Field(description="The `webhook-id` of its requests.")
    event_type: str = Field(examples=["user.updated"])
    status: DeliveryStatus
    attempts: list[AttemptView] = Field(description="The last 20 requests, oldest first.")
    next_attempt_at: Instant | None = Field(description="When it is tried again, at the earliest.", examples=[None])
    created_at: Instant


class WebhookLinks(TypedDict):
    """Where to go from a webhook."""

    self: Href
    collection: Href
    deliveries: Href


class DeliveryLinks(TypedDict):
    """Where to go from a delivery."""

    self: Href
    webhook: Href


def links(webhook: Webhook) -> WebhookLinks:
    """Give where to go from a webhook."""
    at = f"/v1/webhooks/{webhook.id}"
    return {"self": at, "collection": "/v1/webhooks", "deliveries": f"{at}/deliveries"}


def delivery_links(delivery: Delivery) -> DeliveryLinks:
    """Give where to go from a delivery: to the list that it is in."""
    at = f"/v1/webhooks/{delivery.webhook_id}"
    return {"self": f"{at}/deliveries", "webhook": at}
