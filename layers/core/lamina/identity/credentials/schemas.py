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
    """A session; `current` is true for the one that makes the request."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    device: str
    address: str
    created_at: Instant
    last_used_at: Instant
    current: bool = False


class EnrolmentView(BaseModel):
    """The secret for an authenticator app in base32, and the same as a URI for a QR code."""

    secret: str
    otpauth_uri: str


class RecoveryCodesView(BaseModel):
    """Recovery codes for a lost authenticator. Each is single-use; they are returned only once."""

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
    """A newly created API key, including the full key, which is returned only once."""

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
    """A newly created OAuth client, including its secret, which is returned only once."""

    client_secret: str


class EnrolmentLinks(TypedDict):
    """Links of an enrolled secret: `activate` takes a code of it."""

    self: Href
    activate: Href


class RecoveryCodesLinks(TypedDict):
    """Links of an activated second factor."""

    self: Href
    disable: Href


class ApiKeyLinks(TypedDict):
    """Links of an API key."""

    self: Href
    collection: Href


class ClientLinks(TypedDict):
    """Links of an OAuth client, including its token endpoint."""

    self: Href
    collection: Href
    token: Href


LATEST = "9999-01-01"
"""Later instants cannot be represented in every time zone."""


def _ahead(instant: str) -> str:
    if not ids.now() < instant < LATEST:
        raise ValueError("must be in the future and before the year 9999")
    return instant


class NewApiKey(Input):
    """The body to create an API key."""

    name: Name
    scopes: list[Permission] = Field(min_length=1, max_length=len(Permission))
    expires_at: Annotated[Timestamp, AfterValidator(_ahead)] | None = None


class NewClient(Input):
    """The body to create an OAuth client."""

    name: Name
    scopes: list[ClientScope] = Field(
        min_length=1,
        max_length=len(ClientScope),
        description="`introspect` is for resource servers: it allows introspecting the tokens of other clients.",
    )
    grant_types: list[GrantType] = Field(min_length=1, max_length=len(GrantType))
