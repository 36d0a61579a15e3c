"""POST /v1/oauth-clients: create an OAuth client."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, ReauthenticationRequired
from lamina.http import App, Envelope, Response
from lamina.http.encrypted_idempotency import idempotent_secret
from lamina.identity.credentials import oauth_clients
from lamina.identity.credentials.grants import ScopeNotAllowed
from lamina.identity.credentials.schemas import ClientLinks, ClientView, NewClient, NewClientView

app = App(
    sessions_only=True,
    errors=(Forbidden, ReauthenticationRequired, ScopeNotAllowed),
)


@app.authorize
def authorize() -> None:
    """Allow callers who manage users."""
    require(app.caller, Action.CLIENT_CREATE)


@app.post(
    "/v1/oauth-clients",
    summary="Create an OAuth client",
    status_code=201,
    middlewares=[idempotent_secret("client_secret")],
)
def create_oauth_client(body: NewClient) -> Response[Envelope[NewClientView, ClientLinks]]:
    """Creates a client that obtains tokens with a secret and acts for the caller. The secret is returned only once."""
    created, secret = oauth_clients.register(
        app.caller, body.name, sorted(set(body.scopes)), sorted(set(body.grant_types)), app.request_context
    )
    shown = NewClientView(**ClientView.model_validate(created).model_dump(), client_secret=secret)
    links: ClientLinks = {
        "self": f"/v1/oauth-clients/{created.id}",
        "collection": "/v1/oauth-clients",
        "token": "/oauth2/token",
    }
    return app.respond(shown, links=links, created=True)


handler = app.handler
