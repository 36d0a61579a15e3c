"""Lists of posts: by time, author and tag; by cursor or by page number."""

from lamina.access.policy import Caller
from lamina.posts import reading
from lamina.posts.items import list_partitions
from lamina.posts.model import WrittenPost
from lamina.posts.queries import PostQuery
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


def _source(query: PostQuery) -> Source:
    lists = [list_partitions(query.sort, state, author_id=query.author_id, tag=query.tag) for state in query.states]
    return Source(lists[0][0], [partition for _, partitions in lists for partition in partitions])
