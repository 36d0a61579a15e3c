"""PATCH /v1/posts/{post_id}: update a post."""

from lamina.http import MERGE_PATCH, App, Envelope, Id, Response
from lamina.posts import service
from lamina.posts.errors import CHANGE_ERRORS
from lamina.posts.schemas import PostChange, PostLinks, PostView, etag, links, view

app = App(versioned=True, media_types=MERGE_PATCH, errors=CHANGE_ERRORS)


@app.patch("/v1/posts/<post_id>", summary="Update a post")
def update_post(post_id: Id, body: PostChange) -> Response[Envelope[PostView, PostLinks]]:
    """Updates the fields that are sent. If the slug changes, the previous one redirects to the new one."""
    changes = body.model_dump(exclude_unset=True)
    post = service.update(post_id, changes, app.request_context, if_version=app.if_version(post_id), by=app.caller)
    return app.respond(view(post), etag=etag(post), links=links(post))


handler = app.handler
