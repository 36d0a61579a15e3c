"""Request and response models of webhooks and their deliveries."""

from typing import Annotated, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lamina.events.catalog import CATALOG
from lamina.fields import LINE_ADVICE, OPTIONAL_LINE, matching
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
from lamina.webhooks.subscriptions import PATTERN
from lamina.webhooks.targets import LONGEST, Refused, read_target


def _target(url: str) -> str:
    try:
        read_target(url)
    except Refused as refused:
        raise ValueError(str(refused)) from None
    return url


def _known(pattern: str) -> str:
    """Refuse unknown event types, which would never match. A pattern may match types that are added later."""
    if not pattern.endswith("*") and not any(name == pattern for name, _ in CATALOG):
        raise ValueError("must be an event type, a pattern such as user.*, or *; docs/events lists every type")
    return pattern


def _once_each(patterns: list[str]) -> list[str]:
    return list(dict.fromkeys(patterns))


type TargetUrl = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST,
        description="The URL that receives events: https, a public host, port 443 or 1024 and above.",
        examples=["https://example.com/hooks/lamina"],
    ),
    AfterValidator(_target),
]
type Pattern = Annotated[
    str,
    Field(max_length=100, description="An event type, `user.*` or `*`.", examples=["user.*"], pattern=PATTERN),
    AfterValidator(_known),
]
type Patterns = Annotated[
    list[Pattern],
    Field(min_length=1, max_length=20, description="The event types and patterns to subscribe to."),
    AfterValidator(_once_each),
]
type WebhookDescription = Annotated[
    str,
    Field(
        max_length=200,
        description="A description for your own use: one line, may be empty.",
        examples=["Shop floor"],
        json_schema_extra={"pattern": OPTIONAL_LINE},
    ),
    matching(OPTIONAL_LINE, LINE_ADVICE),
]


class WebhookInput(BaseModel):
    """The body to create a webhook."""

    model_config = ConfigDict(extra="forbid")

    url: TargetUrl
    events: Patterns
    description: WebhookDescription = ""
    scope: WebhookScope = Field(
        default=WebhookScope.OWN, description="Whose events to receive. `all` requires permission to manage users."
    )


class WebhookChange(BaseModel):
    """A partial webhook, for PATCH (RFC 7396). Omitted fields are kept."""

    model_config = ConfigDict(extra="forbid")

    url: TargetUrl = ""
    events: Patterns = Field(default_factory=list)
    description: WebhookDescription = ""
    status: WebhookStatus = WebhookStatus.ENABLED


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
        description=f"Why the webhook was disabled automatically: `failing` ({REASONS[DisabledReason.FAILING]}) or "
        f"`gone` ({REASONS[DisabledReason.GONE]}). Null while it is enabled, or if it was disabled by a user.",
        examples=[None],
    )
    version: int = Field(examples=[1])
    created_at: Instant
    updated_at: Instant


class SecretWebhookView(WebhookView):
    """A webhook including its secret, which is returned only once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class AttemptView(BaseModel):
    """One request to the endpoint."""

    model_config = ConfigDict(from_attributes=True)

    at: Instant
    status: int | None = Field(description="HTTP status of the response; null if there was none.", examples=[503])
    milliseconds: int = Field(examples=[41])
    error: str | None = Field(description="Why the request failed; null if it succeeded.", examples=[None])
    answer: str = Field(description="The first kilobyte of the response body.", examples=["busy"])


class DeliveryView(BaseModel):
    """The delivery of one event to the endpoint."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    webhook_id: Id
    event_id: Id = Field(description="Sent as `webhook-id` with each request.")
    event_type: str = Field(examples=["user.updated"])
    status: DeliveryStatus
    attempts: list[AttemptView] = Field(description="The last 20 requests, oldest first.")
    next_attempt_at: Instant | None = Field(description="The earliest time of the next attempt.", examples=[None])
    created_at: Instant


class WebhookLinks(TypedDict):
    """Links of a webhook."""

    self: Href
    collection: Href
    deliveries: Href


class DeliveryLinks(TypedDict):
    """Links of a delivery."""

    self: Href
    webhook: Href


def links(webhook: Webhook) -> WebhookLinks:
    """Return the links of a webhook."""
    at = f"/v1/webhooks/{webhook.id}"
    return {"self": at, "collection": "/v1/webhooks", "deliveries": f"{at}/deliveries"}


def delivery_links(delivery: Delivery) -> DeliveryLinks:
    """Return the links of a delivery, including the list that contains it."""
    at = f"/v1/webhooks/{delivery.webhook_id}"
    return {"self": f"{at}/deliveries", "webhook": at}
