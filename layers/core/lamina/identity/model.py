"""What identity speaks of."""

from enum import StrEnum


class GrantType(StrEnum):
    """How a client may get tokens (RFC 6749 sections 4.4 and 6)."""

    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 (a kind of grant, not a token)
