"""POST /oauth2/token: issue tokens to OAuth clients (RFC 6749 section 3.2)."""

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
        "scope": "Space-separated scopes. Defaults to all scopes that the client is registered for.",
        "refresh_token": "The refresh token; required with `grant_type=refresh_token`.",
    },
)


@app.post("/oauth2/token", summary="Issue a token")
def grant() -> Response[Tokens]:
    """Issues an access token to a client, or exchange its refresh token for new ones. Refresh tokens are single-use."""
    request, form = app.incoming, app.form()
    client = oauth.authenticate(*app.credentials(form), app.count, app.request_context)
    match form["grant_type"]:
        case GrantType.CLIENT_CREDENTIALS:
            sign_in_context = SignInContext(request.source_ip, request.headers.get("user-agent", ""))
            granted = oauth.grant_to_client(client, form.get("scope"), sign_in_context, app.request_context)
        case GrantType.REFRESH_TOKEN if "refresh_token" in form:
            granted = oauth.grant_refresh(client, form["refresh_token"], form.get("scope"), app.request_context)
        case GrantType.REFRESH_TOKEN:
            raise OAuthError("The parameter refresh_token is required.")
        case _:
            raise OAuthError("grant_type must be client_credentials or refresh_token.", code="unsupported_grant_type")
    return app.plain(
        Tokens(
            access_token=granted.access_token,
            expires_in=ACCESS_SECONDS,
            scope=granted.scope,
            refresh_token=granted.refresh_token or "",
        )
    )


handler = app.handler
