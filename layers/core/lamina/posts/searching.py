"""Searches of posts: pages of hits that the caller may read, with highlights."""

from lamina.access.policy import Caller
from lamina.errors import Unavailable
from lamina.flags.model import POST_SEARCH
from lamina.flags.service import is_enabled
from lamina.posts import reading, repository
from lamina.posts.model import ContentForm, FoundPost
from lamina.posts.queries import PostQuery
from lamina.posts.search.highlighting import highlights
from lamina.posts.search.ranking import Hit, search
from lamina.posts.text import plain_text
from lamina.storage.cursors import Cursor
from lamina.storage.pages import START, Page, page_of

HIGHLIGHTED_CHARACTERS = 200_000
"""HTML of all posts of a page in which matches are looked for, in equal parts: from the beginning of each."""


def search_posts(
    query: PostQuery, caller: Caller | None, limit: int, *, cursor: Cursor | None = None
) -> Page[FoundPost]:
    """Return a page of the posts that match a search, the best first.

    Whether a caller may read a hit is decided on the stored post and its author, whatever the index says. Therefore,
    and with filters, a page may have fewer posts than requested although there are more.

    Args:
        query: the query.
        caller: the caller; None if nobody is signed in.
        limit: maximum number of posts, 1 to 100.
        cursor: position to continue from.

    Raises:
        Unavailable: if searches are switched off for the caller (the flag `post_search`).
    """
    if not is_enabled(POST_SEARCH, caller.user_id if caller else "", role=caller.role if caller else "anonymous"):
        raise Unavailable("Searching posts is switched off for now. Lists without a search are available.")
    start = cursor or START
    page = page_of(search(query.search, limit, start), start)
    readable = reading.get_readable([hit.post_id for hit in page.items], caller)
    found = {post_id: each for post_id, each in readable.items() if query.includes(each.post)}
    html = repository.texts_of((each.post for each in found.values()), ContentForm.HTML)
    share = HIGHLIGHTED_CHARACTERS // max(len(found), 1)

    def with_highlights(hit: Hit) -> FoundPost:
        each = found[hit.post_id]
        marked = highlights(query.search, each.post.title, plain_text(_beginning(html.get(each.post, ""), share)))
        return FoundPost(each.post, each.author, hit.score, marked)

    return page.with_items(with_highlights(hit) for hit in page.items if hit.post_id in found)


def _beginning(html: str, length: int) -> str:
    """Return at most the first characters of HTML, without a tag that would be cut."""
    return html if len(html) <= length else html[:length].rpartition("<")[0]
