"""GET /.well-known/jwks.json: the public keys that verify access tokens (RFC 7517)."""

from typing import Literal

from pydantic import BaseModel

from lamina.http import JSON, App, Response
from lamina.identity.tokens.access_tokens import key_set
from lamina.identity.tokens.signing_keys import PUBLISHED_SECONDS

app = App(public=True, counted=False, enveloped=False)


class PublicKey(BaseModel):
    """A public key on P-256 (RFC 7518 section 6.2.1). `kid` matches the header of the tokens that it verifies."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    use: Literal["sig"]
    alg: Literal["ES256"]


class KeySet(BaseModel):
    """Every key that can verify a valid token, newest first."""

    keys: list[PublicKey]


@app.get("/.well-known/jwks.json", summary="List the public keys of access tokens")
def jwks() -> Response[KeySet]:
    """Returns the key set in the format of RFC 7517."""
    caching = {"Cache-Control": f"public, max-age={PUBLISHED_SECONDS}"}
    return Response(200, JSON, KeySet.model_validate({"keys": key_set()}), dict(caching))


handler = app.handler
