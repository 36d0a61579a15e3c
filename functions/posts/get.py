"""GET /v1/posts/{post_id}: get a post."""

from lamina.errors import Forbidden
from lamina.http import App, Envelope, Id, Response
from lamina.posts import reading
from lamina.posts.errors import PostNotFound
from lamina.posts.schemas import PostLinks, PostView, etag, is_shared, links, view

app = App(public=True, personal=True, versioned=True, errors=(Forbidden, PostNotFound))


@app.get("/v1/posts/<post_id>", summary="Get a post")
def get_post(post_id: Id) -> Response[Envelope[PostView, PostLinks]]:
    """Returns a published, public post to everybody, and any post to its author and to admins."""
    post = reading.get_whole(post_id, app.reader)
    return app.respond(view(post), etag=etag(post), links=links(post), shared=is_shared(post, app.reader))


handler = app.handler
