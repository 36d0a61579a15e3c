"""Access claims and grant types."""

from dataclasses import dataclass
from enum import StrEnum

from lamina.access.policy import Role


class GrantType(StrEnum):
    """How a client may get tokens (RFC 6749 sections 4.4 and 6)."""

    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 (a kind of grant, not a token)


@dataclass(frozen=True)
class AccessClaims:
    """What an access token says.

    Attributes:
        user_id: the subject.
        session_id: the login that it belongs to.
        role: the role that the user had when it was issued.
        scope: scopes, separated by spaces (RFC 6749 section 3.3).
        client_id: the OAuth client that it was issued to; None for a person's own.
        ends: Unix seconds at which it is over; set when a token is read.
    """

    user_id: str
    session_id: str
    role: Role
    scope: str
    client_id: str | None = None
    ends: int = 0
