"""GET /v1/users/{user_id}: one user; all of it for itself and for admins, the public profile for others."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.users import service
from lamina.users.schemas import PublicProfile, UserLinks, UserView, etag, links, view

app = App(versioned=True, errors=(Forbidden, NotFound))


@app.get("/v1/users/<user_id>", summary="Read a user")
def get_user(user_id: Id) -> Response[Envelope[UserView | PublicProfile, UserLinks]]:
    """Answer a user by its id: all of it to itself and to admins, the public profile to others."""
    require(app.caller, Action.USER_READ, owner_id=user_id)
    user = service.get(user_id)
    return app.respond(view(user, app.caller), etag=etag(user, app.caller), links=links(user))


handler = app.handler
