"""What clients send to make API keys and OAuth clients."""

from datetime import UTC, datetime

from pydantic import AwareDatetime, Field, field_validator

from lamina.access.policy import Permission
from lamina.identity.clients import GrantType
from lamina.identity.token_inputs import Input
from lamina.users.inputs import Name

LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""Later instants cannot be written in every time zone."""


class NewApiKey(Input):
    """An API key to be made."""

    name: Name
    scopes: list[Permission] = Field(min_length=1, max_length=len(Permission))
    expires_at: AwareDatetime | None = None

    @field_validator("expires_at")
    @classmethod
    def _ahead(cls, instant: datetime | None) -> datetime | None:
        if instant is not None and not datetime.now(UTC) < instant < LATEST:
            raise ValueError("must lie in the future, before the year 9999")
        return instant


class NewClient(Input):
    """An OAuth client to be registered."""

    name: Name
    scopes: list[Permission] = Field(min_length=1, max_length=len(Permission))
    grant_types: list[GrantType] = Field(min_length=1, max_length=len(GrantType))
