"""POST /v1/users/{user_id}/restore: restore a deleted user."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden, NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.users import service
from lamina.users.errors import EmailTaken, UsernameTaken
from lamina.users.schemas import UserLinks, UserView, etag, links

app = App(versioned=True, errors=(Forbidden, NotFound, Conflict, EmailTaken, UsernameTaken))


@app.post("/v1/users/<user_id>/restore", summary="Restore a deleted user")
def restore_user(user_id: Id) -> Response[Envelope[UserView, UserLinks]]:
    """Restores a deleted user. A user that is not deleted is returned unchanged."""
    require(app.caller, Action.USER_RESTORE)
    user = service.restore(user_id, app.request_context, by=app.caller)
    return app.respond(UserView.model_validate(user), etag=etag(user, app.caller), links=links(user))


handler = app.handler
