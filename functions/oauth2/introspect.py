"""POST /oauth2/introspect: what a token is good for (RFC 7662)."""

from lamina.http import Response
from lamina.http.oauth_app import OAuthApp
from lamina.identity.tokens import oauth
from lamina.identity.tokens.oauth_schemas import ActiveToken, InactiveToken

app = OAuthApp(required={"token": "The token in question."})


@app.post("/oauth2/introspect", summary="Introspect a token")
def introspect() -> Response[ActiveToken | InactiveToken]:
    """Return whether an access token is active, and what it says; of anything else only that it is not.

    A client sees its own tokens. Those of others take the scope `introspect`, which is for resource servers.
    """
    form = app.form()
    client = oauth.authenticate(*app.credentials(form), app.count, app.request_context)
    said = oauth.introspect(client, form["token"])
    return app.plain(ActiveToken.model_validate(said) if said["active"] else InactiveToken(active=False))


handler = app.handler
