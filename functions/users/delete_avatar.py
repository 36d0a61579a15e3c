"""DELETE /v1/users/{user_id}/avatar: delete the user's avatar."""

from lamina.access.policy import Action, require
from lamina.avatars import removing
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http import App, Id, Response

app = App(errors=(Forbidden, NotFound, Conflict))


@app.delete("/v1/users/<user_id>/avatar", summary="Delete an avatar", status_code=204)
def delete_avatar(user_id: Id) -> Response[None]:
    """Deletes the avatar and any upload that has not been processed yet. Returns 204 even if there is no avatar."""
    require(app.caller, Action.USER_UPDATE, owner_id=user_id)
    removing.remove(user_id, app.request_context)
    return app.no_content()


handler = app.handler
