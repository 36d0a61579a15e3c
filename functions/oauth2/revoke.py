"""POST /oauth2/revoke: revoke a token (RFC 7009)."""

from lamina.http import Response
from lamina.http.oauth_app import OAuthApp
from lamina.identity.tokens import oauth

app = OAuthApp(required={"token": "The access token or refresh token to revoke."})


@app.post("/oauth2/revoke", summary="Revoke a token")
def revoke() -> Response[None]:
    """Revokes a token of the client by ending its session. An invalid token is not an error (RFC 7009 section 2.2)."""
    form = app.form()
    client = oauth.authenticate(*app.credentials(form), app.count, app.request_context)
    oauth.revoke(client, form["token"], app.request_context)
    return app.done()


handler = app.handler
