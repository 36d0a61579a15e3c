"""GET /.well-known/oauth-authorization-server: authorization server metadata (RFC 8414)."""

from lamina.access.policy import Permission
from lamina.http import JSON, App, Response
from lamina.identity.model import GrantType
from lamina.identity.tokens.oauth_schemas import MetadataView
from lamina.settings import settings

app = App(public=True, counted=False, enveloped=False)
MAX_AGE_SECONDS = 3600


@app.get("/.well-known/oauth-authorization-server", summary="Get the authorization server metadata")
def metadata() -> Response[MetadataView]:
    """Returns the metadata in the format of RFC 8414."""
    root = settings().public_url
    methods = ["client_secret_basic", "client_secret_post"]
    content = MetadataView(
        issuer=root,
        token_endpoint=f"{root}/oauth2/token",
        revocation_endpoint=f"{root}/oauth2/revoke",
        introspection_endpoint=f"{root}/oauth2/introspect",
        jwks_uri=f"{root}/.well-known/jwks.json",
        grant_types_supported=list(GrantType),
        response_types_supported=[],
        scopes_supported=list(Permission),
        token_endpoint_auth_methods_supported=methods,
        revocation_endpoint_auth_methods_supported=methods,
        introspection_endpoint_auth_methods_supported=methods,
        service_documentation=f"{root}/docs",
    )
    return Response(200, JSON, content, {"Cache-Control": f"public, max-age={MAX_AGE_SECONDS}"})


handler = app.handler
