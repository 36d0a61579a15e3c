"""Lists of users: sorted, filtered or searched; by cursor or by page number."""

from lamina.storage.cursors import Cursor
from lamina.storage.keys import identifier_of
from lamina.storage.pages import START, Page, page_of
from lamina.storage.parallel import threads
from lamina.storage.sharded_list import Chunk, Source, read
from lamina.users import counting, repository
from lamina.users.items import list_partitions
from lamina.users.model import User
from lamina.users.queries import UserQuery
from lamina.users.search import search


def list_users(query: UserQuery, limit: int, *, cursor: Cursor | None = None, offset: int = 0) -> Page[User]:
    """Return a page: a query per shard and one batch read, whatever the size of the table.

    Args:
        query: the query.
        limit: maximum number of users, 1 to 100.
        cursor: position to continue from.
        offset: number of users to skip; they are read and paid for, so callers limit it.
    """
    start = cursor or START
    if query.search:
        return page_of(search(query, limit, start), start, offset=offset)
    total = threads.submit(counting.total, role=query.role, status=query.status, deleted=query.deleted)
    return page_of(_read(query, limit, start, offset), start, offset=offset, total=total.result())


def _read(query: UserQuery, limit: int, start: Cursor, offset: int) -> Chunk[User]:
    """Return entries and their users, without users that no longer match the query."""
    source = Source(*list_partitions(query.sort, role=query.role, status=query.status, deleted=query.deleted))
    backwards = query.descending != start.backwards
    chunk = read(source, limit, descending=backwards, after=start.position, offset=offset)
    identifiers = [identifier_of(position) for position in chunk.items]
    users = repository.get_many(identifiers)
    chosen = [users[identifier] for identifier in identifiers if identifier in users]
    return Chunk([user for user in chosen if query.includes(user)], chunk.first, chunk.last, chunk.more)
