"""POST /oauth2/revoke: end a token (RFC 7009)."""

from lamina.http import Response
from lamina.http.oauth_app import OAuthApp
from lamina.identity.tokens import oauth

app = OAuthApp(required={"token": "The token to end: an access token or a refresh token."})


@app.post("/oauth2/revoke", summary="Revoke a token")
def revoke() -> Response[None]:
    """End the session of a token of the client. A text that is no such token is no error."""
    form = app.form()
    client = oauth.authenticate(*app.credentials(form), app.count, app.request_context)
    oauth.revoke(client, form["token"], app.request_context)
    return app.done()


handler = app.handler
