"""PATCH /v1/users/{user_id}: update a user."""

from lamina.http import MERGE_PATCH, App, Envelope, Id, Response
from lamina.identity.accounts.email_changes import set_by_admin
from lamina.users import service
from lamina.users.authorization import UPDATE_ERRORS, require_update
from lamina.users.schemas import UserChange, UserLinks, UserView, etag, links

app = App(
    versioned=True,
    media_types=MERGE_PATCH,
    errors=UPDATE_ERRORS,
)


@app.patch("/v1/users/<user_id>", summary="Update a user")
def update_user(user_id: Id, body: UserChange) -> Response[Envelope[UserView, UserLinks]]:
    """Updates the fields that are sent; `metadata` is merged (RFC 7396). Only admins can set role and status."""
    changes = body.model_dump(exclude_unset=True)
    require_update(app.caller, user_id, changes.keys())
    user = service.update(
        user_id,
        changes,
        app.request_context,
        if_version=app.if_version(user_id),
        by=app.caller,
        follow=set_by_admin(app.request_context),
        merge=True,
    )
    return app.respond(UserView.model_validate(user), etag=etag(user, app.caller), links=links(user))


handler = app.handler
