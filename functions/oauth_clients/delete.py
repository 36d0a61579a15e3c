"""DELETE /v1/oauth-clients/{client_id}: remove an OAuth client."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Id, Response
from lamina.identity.credentials import oauth_clients

app = App(sessions_only=True, errors=(Forbidden, NotFound))


@app.delete("/v1/oauth-clients/<client_id>", summary="Remove an OAuth client", status_code=204)
def delete_oauth_client(client_id: Id) -> Response[None]:
    """Remove a client. Its tokens change nothing from now on; reading ends within the authorizer's cache time."""
    require(app.caller, Action.CLIENT_MANAGE)
    oauth_clients.remove(client_id, app.request_context, by=app.caller)
    return app.no_content()


handler = app.handler
