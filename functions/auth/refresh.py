"""POST /v1/auth/refresh: exchange a refresh token for new tokens."""

from lamina.errors import Unauthenticated
from lamina.http import Envelope, Response
from lamina.http.credential_app import CredentialApp
from lamina.identity.sessions import token_issuing
from lamina.identity.sessions.schemas import TokenLinks, TokenView, token_view
from lamina.identity.tokens.schemas import Refresh

app = CredentialApp(errors=(Unauthenticated,))


@app.post("/v1/auth/refresh", summary="Refresh tokens")
def refresh(body: Refresh) -> Response[Envelope[TokenView, TokenLinks]]:
    """Returns new tokens in exchange for a refresh token, which can be used only once.

    The most recently used token may be repeated within 10 seconds. Any other reuse of a token ends the session.
    """
    renewed = token_issuing.refresh_session(body.refresh_token.get_secret_value(), app.count, app.request_context)
    links: TokenLinks = {"self": "/v1/auth/refresh", "me": "/v1/users/me", "logout": "/v1/auth/logout"}
    return app.respond(token_view(renewed), links=links)


handler = app.handler
