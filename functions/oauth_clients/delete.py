"""DELETE /v1/oauth-clients/{client_id}: delete an OAuth client."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Id, Response
from lamina.identity.credentials import oauth_clients

app = App(sessions_only=True, errors=(Forbidden, NotFound))


@app.delete("/v1/oauth-clients/<client_id>", summary="Delete an OAuth client", status_code=204)
def delete_oauth_client(client_id: Id) -> Response[None]:
    """Deletes a client. Its tokens can no longer write; reads stop once the authorizer's cache expires."""
    require(app.caller, Action.CLIENT_MANAGE)
    oauth_clients.remove(client_id, app.request_context, by=app.caller)
    return app.no_content()


handler = app.handler
