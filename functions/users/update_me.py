"""PATCH /v1/users/me: update the caller's own user."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden, NotFound, ReauthenticationRequired
from lamina.http import MERGE_PATCH, App, Envelope, Response
from lamina.users import service
from lamina.users.errors import EmailNotVerified, EmailTaken, UseChangeEmail, UsernameTaken
from lamina.users.schemas import UserChange, UserLinks, UserView, etag, links

app = App(
    versioned=True,
    media_types=MERGE_PATCH,
    errors=(
        Forbidden,
        ReauthenticationRequired,
        NotFound,
        Conflict,
        EmailTaken,
        UsernameTaken,
        EmailNotVerified,
        UseChangeEmail,
    ),
)


@app.patch("/v1/users/me", summary="Update your own user")
def update_me(body: UserChange) -> Response[Envelope[UserView, UserLinks]]:
    """Updates the fields that are sent; `metadata` is merged (RFC 7396). Only admins can set role and status."""
    caller = app.caller
    require(caller, Action.USER_UPDATE, owner_id=caller.user_id)
    changes = body.model_dump(exclude_unset=True)
    if changes.keys() & {"role", "status"}:
        require(caller, Action.USER_SET_ROLE)
    me = caller.user_id
    user = service.update(me, changes, app.request_context, if_version=app.if_version(me), by=caller, merge=True)
    return app.respond(UserView.model_validate(user), etag=etag(user, caller), links=links(user))


handler = app.handler
