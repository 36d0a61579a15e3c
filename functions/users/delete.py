"""DELETE /v1/users/{user_id}: soft-delete a user."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http import App, Id, Response
from lamina.users import service

app = App(versioned=True, errors=(Forbidden, NotFound, Conflict))


@app.delete("/v1/users/<user_id>", summary="Delete a user", status_code=204)
def delete_user(user_id: Id) -> Response[None]:
    """Deletes a user and end its sessions. Admins can restore it.

    Its e-mail address and username stay reserved until it is purged 30 days later. If its address is not verified, both
    are released immediately, and the user can be restored only while nobody else has taken them.
    """
    require(app.caller, Action.USER_DELETE, owner_id=user_id)
    service.delete(user_id, app.request_context, if_version=app.if_version(user_id), by=app.caller)
    return app.no_content()


handler = app.handler
