"""DELETE /v1/users/{user_id}/avatar: take the user's picture back."""

from lamina.access.policy import Action, require
from lamina.avatars import removing
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http import App, Id, Response

app = App(errors=(Forbidden, NotFound, Conflict))


@app.delete("/v1/users/<user_id>/avatar", summary="Delete an avatar", status_code=204)
def delete_avatar(user_id: Id) -> Response[None]:
    """Delete the avatar, and what was uploaded and has not become one yet. Without one there is nothing to do."""
    require(app.caller, Action.USER_UPDATE, owner_id=user_id)
    removing.remove(user_id, app.request_context)
    return app.no_content()


handler = app.handler
