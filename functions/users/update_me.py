"""PATCH /v1/users/me: update the caller's own user."""

from lamina.http import MERGE_PATCH, App, Envelope, Response
from lamina.users import service
from lamina.users.authorization import UPDATE_ERRORS, require_update
from lamina.users.schemas import UserChange, UserLinks, UserView, etag, links

app = App(
    versioned=True,
    media_types=MERGE_PATCH,
    errors=UPDATE_ERRORS,
)


@app.patch("/v1/users/me", summary="Update your own user")
def update_me(body: UserChange) -> Response[Envelope[UserView, UserLinks]]:
    """Updates the fields that are sent; `metadata` is merged (RFC 7396). Only admins can set role and status."""
    caller = app.caller
    changes = body.model_dump(exclude_unset=True)
    require_update(caller, caller.user_id, changes.keys())
    me = caller.user_id
    user = service.update(me, changes, app.request_context, if_version=app.if_version(me), by=caller, merge=True)
    return app.respond(UserView.model_validate(user), etag=etag(user, caller), links=links(user))


handler = app.handler
