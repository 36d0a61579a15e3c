"""GET /v1/oauth-clients: list OAuth clients."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden
from lamina.http import App, ListEnvelope, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest
from lamina.identity.credentials import oauth_clients
from lamina.identity.credentials.schemas import ClientView

app = App(sessions_only=True, errors=(Forbidden,))


@app.get("/v1/oauth-clients", summary="List OAuth clients")
def list_oauth_clients(
    limit: LimitParameter = 20, cursor: CursorParameter = None
) -> Response[ListEnvelope[ClientView]]:
    """Returns a page of all clients, newest first, without their secrets."""
    require(app.caller, Action.CLIENT_MANAGE)
    request = ListRequest("/v1/oauth-clients", {}, audience="clients")
    at = request.position(limit, cursor, None)
    page = oauth_clients.list_clients(limit, at.cursor)
    return app.page([ClientView.model_validate(client) for client in page.items], *request.describe(at, page))


handler = app.handler
