"""Lists of users: sorted, filtered or searched; by cursor or by page number."""

from lamina.storage.cursors import Cursor
from lamina.storage.keys import identifier_of
from lamina.storage.parallel import threads
from lamina.storage.sharded_list import Source, read
from lamina.users import counting, repository
from lamina.users.items import list_partitions
from lamina.users.queries import Found, UserPage, UserQuery
from lamina.users.search import search

START = Cursor("")


def list_users(query: UserQuery, limit: int, *, cursor: Cursor | None = None, offset: int = 0) -> UserPage:
    """Read one page: a query to each shard and one batch of reads, however large the table.

    Args:
        query: which users.
        limit: how many at the most, 1 to 100.
        cursor: where to go on.
        offset: how many to skip; paid for, so callers bound it.
    """
    start = cursor or START
    if query.search:
        return _page(search(query, limit, start), start, offset, total=None)
    total = threads.submit(counting.total, role=query.role, status=query.status, deleted=query.deleted)
    return _page(_read(query, limit, start, offset), start, offset, total.result())


def _read(query: UserQuery, limit: int, start: Cursor, offset: int) -> Found:
    """Read entries and their users, without those who have changed since so that they no longer belong."""
    source = Source(*list_partitions(query.sort, role=query.role, status=query.status, deleted=query.deleted))
    backwards = query.descending != start.backwards
    chunk = read(source, limit, descending=backwards, after=start.position, offset=offset)
    identifiers = [identifier_of(position) for position in chunk.positions]
    users = repository.get_many(identifiers)
    chosen = [users[identifier] for identifier in identifiers if identifier in users]
    first, last = (chunk.positions[0], chunk.positions[-1]) if chunk.positions else ("", "")
    return Found([user for user in chosen if query.includes(user)], first, last, chunk.more)


def _page(found: Found, start: Cursor, offset: int, total: int | None) -> UserPage:
    """Turn what was read into list order; where reading came from, there is something."""
    behind = bool(start.position) or offset > 0
    if start.backwards:
        return UserPage(found.users[::-1], found.last, found.first, behind, found.more, total)
    return UserPage(found.users, found.first, found.last, found.more, behind, total)
