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
    """Refuse a type that there is not: nobody would ever be told of it. A pattern may wait for types to come."""
    if not pattern.endswith("*") and not any(name == pattern for name, _ in CATALOG):
        raise ValueError("must be a type of event, user.* or *; docs/events has every type")
    return pattern


def _once_each(patterns: list[str]) -> list[str]:
    return list(dict.fromkeys(patterns))


type TargetUrl = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST,
        description="Where events are posted to: https, a public host, port 443 or one from 1024 on.",
        examples=["https://example.com/hooks/lamina"],
    ),
    AfterValidator(_target),
]
type Pattern = Annotated[
    str,
    Field(max_length=100, description="A type, `user.*` or `*`.", examples=["user.*"], pattern=PATTERN),
    AfterValidator(_known),
]
type Patterns = Annotated[
    list[Pattern],
    Field(min_length=1, max_length=20, description="Which events: types, and patterns of them."),
    AfterValidator(_once_each),
]
type Description = Annotated[
    str,
    Field(
        max_length=200,
        description="One line for people; may be empty.",
        examples=["Shop floor"],
        json_schema_extra={"pattern": OPTIONAL_LINE},
    ),
    matching(OPTIONAL_LINE, LINE_ADVICE),
]


class WebhookInput(BaseModel):
    """A webhook to be made."""

    model_config = ConfigDict(extra="forbid")

    url: TargetUrl
    events: Patterns
    description: Description = ""
    scope: WebhookScope = Field(
        default=WebhookScope.OWN, description="Whose events; `all` is for those who manage users."
    )


class WebhookChange(BaseModel):
    """Some fields of a webhook, for PATCH (RFC 7396): what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: TargetUrl = ""
    events: Patterns = Field(default_factory=list)
    description: Description = ""
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
