"""All users of a list, one stretch after another: for what is too long for a page."""

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
"""Users that are read at once: a query to each shard, and five batches."""
BATCH = 100
"""Items that one BatchGetItem takes."""


def iterate(query: UserQuery, until: str) -> Iterator[list[User]]:
    """Give the users of a list by their creation, oldest first.

    Each is as it stands when it is read, and who has changed so that it no longer belongs is left out. Memory and the
    cost of a stretch do not depend on how many there are.

    Args:
        query: which users; its sort and its search are not looked at.
        until: users who were made after this instant are left out, so that it comes to an end.
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
    """Read the users at these positions, in their order."""
    wanted = [identifier_of(position) for position in positions]
    found: dict[str, User] = {}
    for batch in threads.map(repository.get_many, batched(wanted, BATCH, strict=False)):
        found |= batch
    return [found[identifier] for identifier in wanted if identifier in found]
