"""Lists of posts: by time, author and tag; by cursor or by page number."""

from lamina.access.policy import Caller
from lamina.posts import reading, repository
from lamina.posts.items import list_partitions
from lamina.posts.model import FoundPost, WrittenPost
from lamina.posts.queries import PostQuery
from lamina.posts.text import plain_text
from lamina.storage.cursors import Cursor
from lamina.storage.keys import identifier_of
from lamina.storage.pages import START, Page, page_of
from lamina.storage.sharded_list import Source, read


def list_posts(
    query: PostQuery, caller: Caller | None, limit: int, *, cursor: Cursor | None = None, offset: int = 0
) -> Page[WrittenPost]:
    """Return a page: a query per shard and two batch reads, whatever the size of the table.

    Args:
        query: the query.
        caller: the caller; None if nobody is signed in.
        limit: maximum number of posts, 1 to 100.
        cursor: position to continue from.
        offset: number of posts to skip; they are read and paid for, so callers limit it.
    """
    if not query.states:
        return Page([], "", "", has_more=False, has_previous=False)
    start = cursor or START
    source = _source(query)
    backwards = query.descending != start.backwards
    page = page_of(read(source, limit, descending=backwards, after=start.position, offset=offset), start, offset=offset)
    identifiers = [identifier_of(position) for position in page.items]
    posts = reading.get_readable(identifiers, caller)
    found = [posts[identifier] for identifier in identifiers if identifier in posts]
    return page.with_items(each for each in found if query.includes(each.post))


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
    """
    # Imported here, because lists without a search need no stemmer.
    from lamina.posts.search.highlighting import highlights
    from lamina.posts.search.ranking import Hit, search

    start = cursor or START
    page = page_of(search(query.search, limit, start), start)
    readable = reading.get_readable([hit.post_id for hit in page.items], caller)
    found = {post_id: each for post_id, each in readable.items() if query.includes(each.post)}
    html = repository.html_of(found)

    def with_highlights(hit: Hit) -> FoundPost:
        each = found[hit.post_id]
        marked = highlights(query.search, each.post.title, plain_text(html.get(hit.post_id, "")))
        return FoundPost(each.post, each.author, hit.score, marked)

    return page.with_items(with_highlights(hit) for hit in page.items if hit.post_id in found)


def _source(query: PostQuery) -> Source:
    lists = [list_partitions(query.sort, state, author_id=query.author_id, tag=query.tag) for state in query.states]
    return Source(lists[0][0], [partition for _, partitions in lists for partition in partitions])
