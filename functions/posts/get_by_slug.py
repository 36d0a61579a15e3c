"""GET /v1/posts/slug/{slug}: get a post by its slug."""

from typing import Annotated

from lamina.errors import Forbidden
from lamina.http import App, Envelope, Path, Response
from lamina.http.errors import Moved
from lamina.posts import reading
from lamina.posts.errors import PostNotFound
from lamina.posts.schemas import PostLinks, PostView, etag, is_shared, links, view

app = App(public=True, personal=True, versioned=True, errors=(Forbidden, PostNotFound, Moved))

SlugParameter = Annotated[str, Path(min_length=1, max_length=80, description="Present or previous slug of a post.")]


@app.get("/v1/posts/slug/<slug>", summary="Get a post by its slug")
def get_post_by_slug(slug: SlugParameter) -> Response[Envelope[PostView, PostLinks]]:
    """Returns the post with this slug, as for its id. A previous slug redirects to the present one with 308."""
    post = reading.get_by_slug(slug, app.reader)
    if slug != post.post.slug:
        raise Moved(links(post)["by_slug"])
    return app.respond(view(post), etag=etag(post), links=links(post), shared=is_shared(post, app.reader))


handler = app.handler
