"""PUT /v1/posts/{post_id}: replace a post."""

from lamina.http import App, Envelope, Id, Response
from lamina.posts import service
from lamina.posts.errors import CHANGE_ERRORS
from lamina.posts.schemas import PostInput, PostLinks, PostView, etag, links, view

app = App(versioned=True, errors=CHANGE_ERRORS)


@app.put("/v1/posts/<post_id>", summary="Replace a post")
def replace_post(post_id: Id, body: PostInput) -> Response[Envelope[PostView, PostLinks]]:
    """Replaces a post. Omitted optional fields are reset, except the slug and the author."""
    changes = body.model_dump(exclude_none=True)
    post = service.update(post_id, changes, app.request_context, if_version=app.if_version(post_id), by=app.caller)
    return app.respond(view(post), etag=etag(post), links=links(post))


handler = app.handler
