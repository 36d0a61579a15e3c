"""POST /v1/auth/register: create one's own account."""

from lamina import ids
from lamina.http import App, Envelope, Response
from lamina.http.idempotency import idempotent
from lamina.identity.accounts import registration
from lamina.identity.accounts.schemas import Registration
from lamina.limits import rules
from lamina.users.errors import EmailTaken, RegistrationClosed, UsernameTaken
from lamina.users.schemas import UserLinks, UserView, links
from lamina.users.service import NewUser

app = App(public=True, versioned=True, errors=(EmailTaken, UsernameTaken, RegistrationClosed))


@app.post("/v1/auth/register", summary="Create an account", status_code=201, middlewares=[idempotent])
def register(body: Registration) -> Response[Envelope[UserView, UserLinks]]:
    """Creates an account with the role `viewer`. Sign in to it with its e-mail address and password."""
    if "user_id" in app.incoming.claims:
        # The response reveals whether an address is taken, so a credential must not allow more attempts.
        rules.count(rules.by_address(rules.ANONYMOUS, app.incoming.source_ip))
    registration.require_open(body.email)
    new = NewUser(**body.model_dump(exclude={"password"}))
    user = registration.register(new, body.password, app.request_context)
    return app.respond(
        UserView.model_validate(user),
        etag=ids.etag(user.id, user.version),
        links={**links(user), "login": "/v1/auth/login"},
        created=True,
    )


handler = app.handler
