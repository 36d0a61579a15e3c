"""POST /v1/auth/refresh: new tokens for a refresh token."""

from lamina.errors import Unauthenticated
from lamina.http.credential import CredentialResolver
from lamina.http.envelope import Envelope
from lamina.http.response import Response
from lamina.identity import granting
from lamina.identity.token_inputs import Refresh
from lamina.identity.token_views import TokenLinks, TokenView, token_view

app = CredentialResolver(raises=(Unauthenticated,))


@app.post("/v1/auth/refresh", summary="Refresh the tokens")
def refresh(body: Refresh) -> Response[Envelope[TokenView, TokenLinks]]:
    """Return new tokens for a refresh token, which is then spent.

    The token that was used last may be repeated for 10 seconds. Any other use of an old token ends the session.
    """
    renewed = granting.refresh_session(body.refresh_token.get_secret_value(), app.count, app.cause)
    links: TokenLinks = {"self": "/v1/auth/refresh", "me": "/v1/users/me", "logout": "/v1/auth/logout"}
    return app.answer(token_view(renewed), links=links)


handler = app.handler
