"""What clients send to make and change webhooks, with the rules of each field."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lamina.events.catalog import CATALOG
from lamina.fields import LINE_ADVICE, OPTIONAL_LINE, matching
from lamina.webhooks.model import WebhookScope, WebhookStatus
from lamina.webhooks.patterns import PATTERN
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
