"""Response models of sign-ins."""

from typing import Literal, TypedDict

from pydantic import BaseModel

from lamina.identity.sessions.token_issuing import SignedIn
from lamina.identity.tokens.signing_keys import ACCESS_SECONDS
from lamina.ids import Href
from lamina.users.schemas import UserView


class TokenView(BaseModel):
    """The tokens of a new session (RFC 6749 section 5.1) and its user. `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str
    user: UserView


def token_view(signed_in: SignedIn) -> TokenView:
    """Return the response model for the tokens of a session."""
    return TokenView(
        access_token=signed_in.access_token,
        token_type="Bearer",  # noqa: S106 (a kind of token, not a password)
        expires_in=ACCESS_SECONDS,
        refresh_token=signed_in.refresh_token,
        user=UserView.model_validate(signed_in.user),
    )


class TokenLinks(TypedDict):
    """Links of a new session."""

    self: Href
    me: Href
    logout: Href
