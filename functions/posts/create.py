"""POST /v1/posts: create a post."""

from collections.abc import Mapping
from typing import Any

from lamina.errors import Conflict, Forbidden
from lamina.http import App, Envelope, Response
from lamina.http.partial_idempotency import idempotent_without
from lamina.posts import service
from lamina.posts.authorization import require_create
from lamina.posts.errors import AuthorNotFound, SlugTaken
from lamina.posts.schemas import PostInput, PostLinks, PostView, etag, links, new_post, view

app = App(versioned=True, errors=(Forbidden, SlugTaken, AuthorNotFound, Conflict))


@app.authorize
def authorize(body: PostInput) -> None:
    """Allow callers who may write, and only admins to name another author."""
    require_create(app.caller, body.author_id)


def content_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the content of the response to a request with this body."""
    content = service.rendered(body["content"])
    return {"content": content.source, "content_html": content.html}


@app.post(
    "/v1/posts",
    summary="Create a post",
    status_code=201,
    middlewares=[idempotent_without("content", "content_html", derive=content_of)],
)
def create_post(body: PostInput) -> Response[Envelope[PostView, PostLinks]]:
    """Creates a post, as a draft unless `published` is true. Without a slug, it gets one derived from its title."""
    post = service.create(new_post(body, app.caller), app.request_context, by=app.caller)
    return app.respond(view(post), etag=etag(post), links=links(post), created=True)


handler = app.handler
