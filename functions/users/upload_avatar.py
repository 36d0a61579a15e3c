"""POST /v1/users/{user_id}/avatar: create a form to upload an avatar."""

from lamina.access.policy import Action, require
from lamina.avatars.form import upload_form
from lamina.avatars.schemas import NewAvatar, UploadFormLinks, UploadFormView
from lamina.errors import Forbidden, NotFound
from lamina.http import App, Envelope, Id, Response
from lamina.users import service as users

app = App(errors=(Forbidden, NotFound))


@app.post("/v1/users/<user_id>/avatar", summary="Create an avatar upload form")
def upload_avatar(user_id: Id, body: NewAvatar) -> Response[Envelope[UploadFormView, UploadFormLinks]]:
    """Returns an upload form, valid for ten minutes and one upload of a picture of this type, up to 2 MB."""
    require(app.caller, Action.USER_UPDATE, owner_id=user_id)
    user = users.get(user_id)
    form = upload_form(user.id, body.content_type, app.request_context)
    links: UploadFormLinks = {"self": f"/v1/users/{user_id}/avatar", "user": f"/v1/users/{user_id}"}
    return app.respond(UploadFormView.model_validate(form), links=links)


handler = app.handler
