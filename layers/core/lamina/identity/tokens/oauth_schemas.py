"""Response models of OAuth endpoints, in the formats of the RFCs."""

from typing import Literal

from pydantic import BaseModel, Field

from lamina.access.policy import Permission, Role
from lamina.identity.model import GrantType


def _is_absent(value: object) -> bool:
    return not value


class Tokens(BaseModel):
    """A token response (RFC 6749 section 5.1).

    Attributes:
        expires_in: lifetime of the access token in seconds.
        scope: granted scopes, space-separated; may be fewer than requested.
        refresh_token: present only for clients with this grant type.
    """

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a kind of token)
    expires_in: int
    scope: str
    refresh_token: str = Field(default="", exclude_if=_is_absent)


class ActiveToken(BaseModel):
    """The introspection of an active access token (RFC 7662 section 2.2); times are Unix seconds.

    Attributes:
        client_id: present only for tokens of OAuth clients.
    """

    active: Literal[True]
    token_type: Literal["Bearer"]
    iss: str
    aud: str
    sub: str
    iat: int
    nbf: int
    exp: int
    jti: str
    sid: str
    scope: str
    role: Role
    client_id: str = Field(default="", exclude_if=_is_absent)


class InactiveToken(BaseModel):
    """The introspection of any other value."""

    active: Literal[False]


class MetadataView(BaseModel):
    """Authorization server metadata (RFC 8414 section 2)."""

    issuer: str
    token_endpoint: str
    revocation_endpoint: str
    introspection_endpoint: str
    jwks_uri: str
    grant_types_supported: list[GrantType]
    response_types_supported: list[str]
    scopes_supported: list[Permission]
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]
    service_documentation: str
