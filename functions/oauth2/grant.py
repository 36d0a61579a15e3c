"""POST /oauth2/token: tokens for OAuth clients (RFC 6749 section 3.2)."""

from lamina.errors import OAuthError
from lamina.http import Response
from lamina.http.oauth_app import OAuthApp
from lamina.identity.model import GrantType
from lamina.identity.sessions.service import SignInContext
from lamina.identity.tokens import oauth
from lamina.identity.tokens.oauth_schemas import Tokens
from lamina.identity.tokens.signing_keys import ACCESS_SECONDS

app = OAuthApp(
    required={"grant_type": "`client_credentials` or `refresh_token`."},
    optional={
        "scope": "Scopes, separated by spaces; by default all that the client is registered for.",
        "refresh_token": "The token to use, with the grant type of that name.",
    },
)


@app.post("/oauth2/token", summary="Get a token")
def grant() -> Response[Tokens]:
    """Give a client a token for itself, or new ones for its refresh token, which is then spent."""
    request, form = app.incoming, app.form()
    client = oauth.authenticate(*app.credentials(form), app.count, app.request_context)
    match form["grant_type"]:
        case GrantType.CLIENT_CREDENTIALS:
            sign_in_context = SignInContext(request.source_ip, request.headers.get("user-agent", ""))
            granted = oauth.grant_to_client(client, form.get("scope"), sign_in_context, app.request_context)
        case GrantType.REFRESH_TOKEN if "refresh_token" in form:
            granted = oauth.grant_refresh(client, form["refresh_token"], form.get("scope"), app.request_context)
        case GrantType.REFRESH_TOKEN:
            raise OAuthError("Send refresh_token.")
        case _:
            raise OAuthError("Use client_credentials or refresh_token.", code="unsupported_grant_type")
    return app.plain(
        Tokens(
            access_token=granted.access_token,
            expires_in=ACCESS_SECONDS,
            scope=granted.scope,
            refresh_token=granted.refresh_token or "",
        )
    )


handler = app.handler
