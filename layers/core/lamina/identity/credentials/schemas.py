"""Request and response models of sessions, factors, API keys and OAuth clients."""

from typing import Annotated, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lamina import ids
from lamina.access.policy import ClientScope, Permission
from lamina.fields import Name, Timestamp
from lamina.identity.model import GrantType
from lamina.identity.tokens.schemas import Input
from lamina.ids import Href, Id, Instant


class SessionView(BaseModel):
    """A login; `current` marks the one that asks."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    device: str
    address: str
    created_at: Instant
    last_used_at: Instant
    current: bool = False


class EnrolmentView(BaseModel):
    """What an authenticator app needs: the secret in base32, and the same as a URI for a QR code."""

    secret: str
    otpauth_uri: str


class RecoveryCodesView(BaseModel):
    """Codes for when the authenticator is lost, each good once; they are told only now."""

    recovery_codes: list[str]


class ApiKeyView(BaseModel):
    """An API key, without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    name: str
    prefix: str
    scopes: list[Permission]
    expires_at: Instant | None
    last_used_at: Instant | None
    created_at: Instant


class NewApiKeyView(ApiKeyView):
    """An API key that was just made, with its whole text, which is told only now."""

    key: str


class ClientView(BaseModel):
    """An OAuth client, without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    client_id: Id
    name: str
    scopes: list[ClientScope]
    grant_types: list[str]
    owner_id: Id
    created_at: Instant


class NewClientView(ClientView):
    """An OAuth client that was just registered, with its secret, which is told only now."""

    client_secret: str


class EnrolmentLinks(TypedDict):
    """Where to go from a secret that was enrolled: to where a code of it makes it count."""

    self: Href
    activate: Href


class RecoveryCodesLinks(TypedDict):
    """Where to go from a second factor that was activated."""

    self: Href
    disable: Href


class ApiKeyLinks(TypedDict):
    """Where to go from an API key."""

    self: Href
    collection: Href


class ClientLinks(TypedDict):
    """Where to go from an OAuth client: among others to where it gets tokens."""

    self: Href
    collection: Href
    token: Href


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
