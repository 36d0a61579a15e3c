"""Iterates over all users of a list in batches."""

from collections.abc import Iterator
from itertools import batched

from lamina.storage.keys import identifier_of
from lamina.storage.parallel import threads
from lamina.storage.sharded_list import Source, read
from lamina.users import repository
from lamina.users.items import list_partitions
from lamina.users.model import User
from lamina.users.queries import UserQuery

CHUNK = 500
"""Users per batch: a query per shard, and five batch reads."""
BATCH = 100
"""Maximum number of items per BatchGetItem."""


def iterate(query: UserQuery, until: str) -> Iterator[list[User]]:
    """Yield the users of a list by creation time, oldest first, in batches.

    Each user is current when it is read; users that no longer match the query are omitted. Memory and the cost of a
    batch do not depend on the number of users.

    Args:
        query: the users; its sort and search are ignored.
        until: users created after this instant are omitted, so that the iteration ends.
    """
    source = Source(*list_partitions("created_at", role=query.role, status=query.status, deleted=query.deleted))
    after, more = "", True
    while more:
        chunk = read(source, CHUNK, descending=False, after=after)
        users = [user for user in _users(chunk.items) if query.includes(user) and user.created_at <= until]
        yield users
        after = chunk.last
        more = chunk.more and after[: len(until)] <= until


def _users(positions: list[str]) -> list[User]:
    """Return the users at these positions, in order."""
    wanted = [identifier_of(position) for position in positions]
    found: dict[str, User] = {}
    for batch in threads.map(repository.get_many, batched(wanted, BATCH, strict=False)):
        found |= batch
    return [found[identifier] for identifier in wanted if identifier in found]
