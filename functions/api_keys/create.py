"""POST /v1/api-keys: create an API key."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, ReauthenticationRequired
from lamina.http import App, Envelope, Response
from lamina.http.encrypted_idempotency import idempotent_secret
from lamina.identity.credentials import api_keys
from lamina.identity.credentials.grants import ScopeNotAllowed
from lamina.identity.credentials.schemas import ApiKeyLinks, ApiKeyView, NewApiKey, NewApiKeyView

app = App(
    sessions_only=True,
    errors=(Forbidden, ReauthenticationRequired, ScopeNotAllowed),
)


@app.authorize
def authorize() -> None:
    """Allow signed-in users only, for themselves."""
    require(app.caller, Action.API_KEY_CREATE, owner_id=app.caller.user_id)


@app.post("/v1/api-keys", summary="Create an API key", status_code=201, middlewares=[idempotent_secret("key")])
def create_api_key(body: NewApiKey) -> Response[Envelope[NewApiKeyView, ApiKeyLinks]]:
    """Creates a key for a program that acts for the caller, limited to the given scopes. The key is returned only once.

    A key is limited to the permissions that its owner has had continuously since it was created: promoting the owner
    adds none, and demoting the owner removes them permanently.
    """
    scopes = sorted(set(body.scopes))
    created, text = api_keys.create(app.caller, body.name, scopes, body.expires_at, app.request_context)
    shown = NewApiKeyView(**ApiKeyView.model_validate(created).model_dump(), key=text)
    return app.respond(shown, links={"self": f"/v1/api-keys/{created.id}", "collection": "/v1/api-keys"}, created=True)


handler = app.handler
