"""GET /v1/users/{user_id}: get a user."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.users import service
from lamina.users.schemas import PublicProfile, UserLinks, UserView, etag, links, view

app = App(versioned=True, errors=(Forbidden, NotFound))


@app.get("/v1/users/<user_id>", summary="Get a user")
def get_user(user_id: Id) -> Response[Envelope[UserView | PublicProfile, UserLinks]]:
    """Returns the full user to the user itself and to admins, and the public profile to everybody else."""
    require(app.caller, Action.USER_READ, owner_id=user_id)
    user = service.get(user_id)
    return app.respond(view(user, app.caller), etag=etag(user, app.caller), links=links(user))


handler = app.handler
