"""What is cached of public posts: their content, which never changes within a version, and where to find the rest.

Whether a post exists, who may read it and who wrote it is read from the table by each request. A wrong hint costs
another read and nothing else, so no cached value can show what is not public any more.
"""

from typing import Any

from lamina.cache import Codec, Values, cached
from lamina.posts import repository
from lamina.posts.model import Content, Post, State


class ContentChanged(Exception):
    """The post has another version of its content, or is deleted."""


def _from_json(stored: Any) -> Content:  # noqa: ANN401 (whatever is stored)
    source, html = stored
    return Content(source=source, html=html)


@cached("post_content", codec=Codec(lambda content: [content.source, content.html], _from_json), versioned=True)
def content_of(post_id: str, content_version: int) -> Content:
    """Return this version of the content of a public post: one consistent call.

    Raises:
        ContentChanged: if it is not the present one.
    """
    found = repository.content_of(post_id, content_version)
    if found is None:
        raise ContentChanged
    return found


author_ids: Values[str] = Values("post_author", versioned=True)
"""The author of a post, by its id: a hint, which the post itself confirms."""
post_ids: Values[str] = Values("post_slug", versioned=True)
"""The post with a slug: a hint, which the post itself confirms."""


def learn(post: Post, content: Content) -> None:
    """Keep what was just read or written of a post, if everybody may read it."""
    if post.state == State.PUBLIC:
        author_ids.put(post.author_id, post.id)
        content_of.values.put(content, post.id, post.content_version)
