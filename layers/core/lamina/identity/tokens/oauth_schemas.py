"""What OAuth clients see, in the forms of the RFCs."""

from typing import Literal

from pydantic import BaseModel, Field

from lamina.access.policy import Permission, Role
from lamina.identity.model import GrantType


def _is_absent(value: object) -> bool:
    return not value


class Tokens(BaseModel):
    """What a client gets (RFC 6749 section 5.1).

    Attributes:
        expires_in: seconds.
        scope: scopes, separated by spaces: fewer than asked for where the owner may less.
        refresh_token: there only for clients that may use it.
    """

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a kind of token)
    expires_in: int
    scope: str
    refresh_token: str = Field(default="", exclude_if=_is_absent)


class ActiveToken(BaseModel):
    """What an access token says that may be used now (RFC 7662 section 2.2); times are Unix seconds.

    Attributes:
        client_id: there only for the token of a client.
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
    """All that is said of any other text."""

    active: Literal[False]


class MetadataView(BaseModel):
    """What the authorization server can do (RFC 8414 section 2)."""

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
