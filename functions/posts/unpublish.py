"""POST /v1/posts/{post_id}/unpublish: unpublish a post."""

from lamina.http import App, Envelope, Id, Response
from lamina.posts import service
from lamina.posts.errors import CHANGE_ERRORS
from lamina.posts.schemas import PostLinks, PostView, etag, links, view

app = App(versioned=True, errors=CHANGE_ERRORS)


@app.post("/v1/posts/<post_id>/unpublish", summary="Unpublish a post")
def unpublish_post(post_id: Id) -> Response[Envelope[PostView, PostLinks]]:
    """Returns a post to draft. A draft is returned unchanged."""
    changes = {"published": False}
    post = service.update(post_id, changes, app.request_context, if_version=app.if_version(post_id), by=app.caller)
    return app.respond(view(post), etag=etag(post), links=links(post))


handler = app.handler
