"""PUT /v1/users/{user_id}: replace a user."""

from lamina.http import App, Envelope, Id, Response
from lamina.identity.accounts.email_changes import set_by_admin
from lamina.users import service
from lamina.users.authorization import UPDATE_ERRORS, require_update
from lamina.users.schemas import UserLinks, UserReplacement, UserView, etag, links

app = App(
    versioned=True,
    errors=UPDATE_ERRORS,
)


@app.put("/v1/users/<user_id>", summary="Replace a user")
def replace_user(user_id: Id, body: UserReplacement) -> Response[Envelope[UserView, UserLinks]]:
    """Sets every field. Omitted fields are reset, except role and status, which are kept: only admins can set them."""
    kept = {name for name in ("role", "status") if getattr(body, name) is None}
    changes = body.model_dump(exclude=kept)
    require_update(app.caller, user_id, changes.keys())
    user = service.update(
        user_id,
        changes,
        app.request_context,
        if_version=app.if_version(user_id),
        by=app.caller,
        follow=set_by_admin(app.request_context),
    )
    return app.respond(UserView.model_validate(user), etag=etag(user, app.caller), links=links(user))


handler = app.handler
