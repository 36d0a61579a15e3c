"""DELETE /v1/api-keys/{key_id}: revoke an API key."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Id, Response
from lamina.identity.credentials import api_keys

app = App(sessions_only=True, errors=(Forbidden, NotFound))


@app.delete("/v1/api-keys/<key_id>", summary="Revoke an API key", status_code=204)
def delete_api_key(key_id: Id) -> Response[None]:
    """Revokes one of the caller's keys. It can no longer write; reads stop once the authorizer's cache expires."""
    require(app.caller, Action.API_KEY_MANAGE, owner_id=app.caller.user_id)
    api_keys.revoke(app.caller, key_id, app.request_context)
    return app.no_content()


handler = app.handler
