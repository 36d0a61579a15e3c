"""DELETE /v1/users/{user_id}: delete a user softly."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http import App, Id, Response
from lamina.users import service

app = App(versioned=True, errors=(Forbidden, NotFound, Conflict))


@app.delete("/v1/users/<user_id>", summary="Delete a user", status_code=204)
def delete_user(user_id: Id) -> Response[None]:
    """Delete a user and end its sessions. An admin can restore it.

    Its address and username stay taken until it is removed for good, 30 days later. Those of a user who has not
    verified the address are free at once; it can be restored as long as nobody has taken them.
    """
    require(app.caller, Action.USER_DELETE, owner_id=user_id)
    service.delete(user_id, app.request_context, if_version=app.if_version(user_id), by=app.caller)
    return app.no_content()


handler = app.handler
