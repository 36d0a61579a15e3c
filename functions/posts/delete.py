"""DELETE /v1/posts/{post_id}: delete a post."""

from lamina.errors import Conflict, Forbidden
from lamina.http import App, Id, Response
from lamina.posts import service
from lamina.posts.errors import PostNotFound

app = App(versioned=True, errors=(Forbidden, PostNotFound, Conflict))


@app.delete("/v1/posts/<post_id>", summary="Delete a post", status_code=204)
def delete_post(post_id: Id) -> Response[None]:
    """Deletes a post for good. Its slugs can be used by other posts."""
    service.delete(post_id, app.request_context, if_version=app.if_version(post_id), by=app.caller)
    return app.no_content()


handler = app.handler
