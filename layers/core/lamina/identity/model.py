"""Access claims and grant types."""

from dataclasses import dataclass
from enum import StrEnum

from lamina.access.policy import Role


class GrantType(StrEnum):
    """How a client may obtain tokens (RFC 6749 sections 4.4 and 6)."""

    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 (a kind of grant, not a token)


@dataclass(frozen=True)
class AccessClaims:
    """The claims of an access token.

    Attributes:
        user_id: the subject.
        session_id: the session that it belongs to.
        role: the user's role when it was issued.
        scope: space-separated scopes (RFC 6749 section 3.3).
        client_id: the OAuth client that it was issued to; None for a user's own.
        ends: expiry in Unix seconds; set when a token is read.
    """

    user_id: str
    session_id: str
    role: Role
    scope: str
    client_id: str | None = None
    ends: int = 0
