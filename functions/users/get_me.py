"""GET /v1/users/me: get the caller's own user."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Envelope, Response
from lamina.users import service
from lamina.users.schemas import PublicProfile, UserLinks, UserView, etag, links, view

app = App(versioned=True, errors=(Forbidden, NotFound))


@app.get("/v1/users/me", summary="Get your own user")
def get_me() -> Response[Envelope[UserView | PublicProfile, UserLinks]]:
    """Returns the user that the credential belongs to."""
    require(app.caller, Action.USER_READ, owner_id=app.caller.user_id)
    user = service.get(app.caller.user_id)
    return app.respond(view(user, app.caller), etag=etag(user, app.caller), links=links(user))


handler = app.handler
