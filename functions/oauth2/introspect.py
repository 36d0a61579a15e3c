"""POST /oauth2/introspect: describe a token (RFC 7662)."""

from lamina.http import Response
from lamina.http.oauth_app import OAuthApp
from lamina.identity.tokens import oauth
from lamina.identity.tokens.oauth_schemas import ActiveToken, InactiveToken

app = OAuthApp(required={"token": "The token to introspect."})


@app.post("/oauth2/introspect", summary="Introspect a token")
def introspect() -> Response[ActiveToken | InactiveToken]:
    """Returns whether an access token is active, and its claims. Any other value is reported as not active.

    A client can introspect its own tokens. Introspecting tokens of others requires the scope `introspect`, which is
    intended for resource servers.
    """
    form = app.form()
    client = oauth.authenticate(*app.credentials(form), app.count, app.request_context)
    said = oauth.introspect(client, form["token"])
    return app.plain(ActiveToken.model_validate(said) if said["active"] else InactiveToken(active=False))


handler = app.handler
