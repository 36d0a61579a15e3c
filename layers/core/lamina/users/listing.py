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
    """Read one page: a query to each shard and one batch of reads, however large the table.

    Args:
        query: which users.
        limit: how many at the most, 1 to 100.
        cursor: where to go on.
        offset: how many to skip; paid for, so callers bound it.
    """
    start = cursor or START
    if query.search:
        return page_of(search(query, limit, start), start, offset=offset)
    total = threads.submit(counting.total, role=query.role, status=query.status, deleted=query.deleted)
    return page_of(_read(query, limit, start, offset), start, offset=offset, total=total.result())


def _read(query: UserQuery, limit: int, start: Cursor, offset: int) -> Chunk[User]:
    """Read entries and their users, without those who have changed since so that they no longer belong."""
    source = Source(*list_partitions(query.sort, role=query.role, status=query.status, deleted=query.deleted))
    backwards = query.descending != start.backwards
    chunk = read(source, limit, descending=backwards, after=start.position, offset=offset)
    identifiers = [identifier_of(position) for position in chunk.items]
    users = repository.get_many(identifiers)
    chosen = [users[identifier] for identifier in identifiers if identifier in users]
    return Chunk([user for user in chosen if query.includes(user)], chunk.first, chunk.last, chunk.more)
