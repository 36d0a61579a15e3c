"""GET /v1/api-keys: list the caller's API keys."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden
from lamina.http import App, ListEnvelope, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest
from lamina.identity.credentials import api_keys
from lamina.identity.credentials.schemas import ApiKeyView

app = App(sessions_only=True, errors=(Forbidden,))


@app.get("/v1/api-keys", summary="List your API keys")
def list_api_keys(limit: LimitParameter = 20, cursor: CursorParameter = None) -> Response[ListEnvelope[ApiKeyView]]:
    """Returns a page of the caller's keys, newest first, without their secrets."""
    caller = app.caller
    require(caller, Action.API_KEY_MANAGE, owner_id=caller.user_id)
    request = ListRequest("/v1/api-keys", {}, audience=caller.user_id)
    at = request.position(limit, cursor, None)
    page = api_keys.list_keys(caller.user_id, limit, at.cursor)
    return app.page([ApiKeyView.model_validate(key) for key in page.items], *request.describe(at, page))


handler = app.handler
