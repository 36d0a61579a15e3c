"""Access claims, grant types, and credentials that were checked."""

from dataclasses import dataclass
from enum import StrEnum

from lamina.access.policy import Credential, Role


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


@dataclass(frozen=True)
class CredentialRef:
    """A credential that was checked, without its secret.

    Attributes:
        user_id: the user that it acts for.
        credential: its type.
        credential_id: id of the session, the API key or the OAuth client.
        session_id: the session, also that of an OAuth client's token; `""` for an API key.
        role: the role that it acted in when it was checked. Another role makes it void.
        scopes: its scopes.
    """

    user_id: str
    credential: Credential
    credential_id: str
    session_id: str
    role: Role
    scopes: frozenset[str]
