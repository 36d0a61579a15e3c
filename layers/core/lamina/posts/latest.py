"""The latest posts of authors, so that those of a hundred authors take one call and not a query each.

Each author has an item with the ids of its latest posts. It is derived: a consumer of the events of posts updates it,
within seconds. It says which posts to read and never who may see them; readers read the posts themselves.
"""

from collections.abc import Collection, Iterable, Sequence

from lamina.access.policy import Caller
from lamina.errors import Conflict
from lamina.posts import repository
from lamina.posts.items import CREATED, PUBLISHED, LatestPostsItem, latest_key, list_partitions
from lamina.posts.model import Post, State
from lamina.posts.queries import PostQuery, post_query
from lamina.storage.conditional import save
from lamina.storage.keys import identifier_of, list_position, value_of
from lamina.storage.sharded_list import Source, read

KEPT = 20
"""Posts of an author that are kept in each order: with those that its lists have, fewer than a BatchGetItem takes."""
ATTEMPTS = 8


def latest_of(author_ids: Collection[str], caller: Caller | None) -> dict[str, Sequence[str]]:
    """Return ids of the latest posts of up to 100 authors that a caller may see, newest first: one call.

    The posts of a single author are those that its list has at this moment.
    """
    queries = {author_id: of_author(author_id, caller) for author_id in author_ids}
    if len(queries) == 1:
        return {author_id: _listed(query) for author_id, query in queries.items()}
    items = LatestPostsItem.batch_get([latest_key(author_id) for author_id in author_ids])
    found = {value_of(item.pk): item for item in items}
    return {author_id: _of(item, queries[author_id]) for author_id, item in found.items()}


def of_author(author_id: str, caller: Caller | None) -> PostQuery:
    """Return the query of the posts of an author that a caller may see."""
    return post_query(caller, author_id=author_id, published=None, tag=None, sort=None)


def refresh(author_id: str, post_ids: Collection[str] = ()) -> bool:
    """Update the latest posts of an author to the posts as they are now. May be repeated, and in any order.

    Args:
        author_id: id of the author.
        post_ids: posts that have just changed; the lists of the author may not show them yet.

    Returns:
        Whether anything was written.

    Raises:
        Conflict: if others keep updating them concurrently.
    """
    for _ in range(ATTEMPTS):
        item = _stored(author_id)
        before = (list(item.public), list(item.every))
        item.public, item.every = _newest(author_id, {*post_ids, *item.public, *item.every})
        if before == (item.public, item.every):
            return False
        if save(item):
            return True
    raise Conflict


def _newest(author_id: str, known: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the ids of the latest posts, public ones and all: of those that are known, and of the author's lists."""
    listed = [_positions(author_id, PUBLISHED, State.PUBLIC), _positions(author_id, CREATED, *State)]
    posts = repository.get_many({*known, *(post_id for ids in listed for post_id in ids)}).values()
    own = [post for post in posts if post.author_id == author_id]
    public = [post for post in own if post.state == State.PUBLIC]
    return _ids(public, PUBLISHED), _ids(own, CREATED)


def _ids(posts: Iterable[Post], sort: str) -> list[str]:
    ordered = sorted(posts, key=lambda post: list_position(getattr(post, sort), post.id), reverse=True)
    return [post.id for post in ordered[:KEPT]]


def _listed(query: PostQuery) -> list[str]:
    return _positions(query.author_id, query.sort, *query.states)


def _positions(author_id: str, sort: str, *states: State) -> list[str]:
    """Return ids of the latest posts in an author's list: a query for each state."""
    lists = [list_partitions(sort, state, author_id=author_id) for state in states]
    source = Source(lists[0][0], [partition for _, partitions in lists for partition in partitions])
    return [identifier_of(each) for each in read(source, KEPT, descending=True).items]


def _of(item: LatestPostsItem, query: PostQuery) -> Sequence[str]:
    ids: list[str] = item.public if query.states == (State.PUBLIC,) else item.every
    return ids


def _stored(author_id: str) -> LatestPostsItem:
    try:
        return LatestPostsItem.get(*latest_key(author_id), consistent_read=True)
    except LatestPostsItem.DoesNotExist:
        return LatestPostsItem(*latest_key(author_id))
