"""What clients send to make API keys and OAuth clients."""

from typing import Annotated

from pydantic import AfterValidator, Field

from lamina import ids
from lamina.access.policy import ClientScope, Permission
from lamina.fields import Name, Timestamp
from lamina.identity.model import GrantType
from lamina.identity.token_inputs import Input

LATEST = "9999-01-01"
"""Later instants cannot be written in every time zone."""


def _ahead(instant: str) -> str:
    if not ids.now() < instant < LATEST:
        raise ValueError("must lie in the future, before the year 9999")
    return instant


class NewApiKey(Input):
    """An API key to be made."""

    name: Name
    scopes: list[Permission] = Field(min_length=1, max_length=len(Permission))
    expires_at: Annotated[Timestamp, AfterValidator(_ahead)] | None = None


class NewClient(Input):
    """An OAuth client to be registered."""

    name: Name
    scopes: list[ClientScope] = Field(
        min_length=1,
        max_length=len(ClientScope),
        description="`introspect` is for resource servers: it lets the client introspect tokens that are not its own.",
    )
    grant_types: list[GrantType] = Field(min_length=1, max_length=len(GrantType))
