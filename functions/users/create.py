"""POST /v1/users: create a user as an admin."""

from lamina.errors import Forbidden, ReauthenticationRequired
from lamina.http import App, Envelope, Response
from lamina.http.idempotency import idempotent
from lamina.identity.accounts import registration
from lamina.identity.accounts.schemas import NewUserInput
from lamina.users.authorization import require_create
from lamina.users.errors import EmailTaken, UsernameTaken
from lamina.users.schemas import UserLinks, UserView, etag, links
from lamina.users.service import NewUser

app = App(versioned=True, errors=(Forbidden, ReauthenticationRequired, EmailTaken, UsernameTaken))


@app.authorize
def authorize(body: NewUserInput) -> None:
    """Allow callers who manage users, and require further permissions for roles, passwords and admins."""
    require_create(app.caller, body.role, with_password=body.password is not None)


@app.post("/v1/users", summary="Create a user", status_code=201, middlewares=[idempotent])
def create_user(body: NewUserInput) -> Response[Envelope[UserView, UserLinks]]:
    """Creates a user with any role. Without a password, nobody can sign in as the user until the password is reset.

    Creating an administrator, or a user with a password, requires a signed-in user: no API key or OAuth client.
    """
    new = NewUser(**body.model_dump(exclude={"password"}))
    user = registration.register(new, body.password, app.request_context, by=app.caller)
    return app.respond(UserView.model_validate(user), etag=etag(user, app.caller), links=links(user), created=True)


handler = app.handler
