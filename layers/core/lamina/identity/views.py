"""What clients see of signing in."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from lamina.access.policy import Permission
from lamina.identity.keys import ACCESS_SECONDS
from lamina.identity.service import SignedIn
from lamina.ids import Id, Instant
from lamina.users.views import UserView


class TokenView(BaseModel):
    """The tokens of a new session (RFC 6749 section 5.1) and its user; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str
    user: UserView


def token_view(signed_in: SignedIn) -> TokenView:
    """Show the tokens of a session."""
    return TokenView(
        access_token=signed_in.access_token,
        token_type="Bearer",  # noqa: S106 (a kind of token, not a password)
        expires_in=ACCESS_SECONDS,
        refresh_token=signed_in.refresh_token,
        user=UserView.model_validate(signed_in.user),
    )


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
    scopes: list[Permission]
    grant_types: list[str]
    owner_id: Id
    created_at: Instant


class NewClientView(ClientView):
    """An OAuth client that was just registered, with its secret, which is told only now."""

    client_secret: str
