"""Searches users: reads the entries of one term in order, and checks the users that they refer to.

The work per request is limited, however few entries lead to a matching user: a page may have fewer items than
requested, or none, although there are more.
"""

from collections.abc import Iterator

from lamina.storage.cursors import Cursor
from lamina.storage.keys import identifier_of, list_position
from lamina.storage.sharded_list import Chunk, Source, read
from lamina.users import repository
from lamina.users.items import search_partitions
from lamina.users.model import User
from lamina.users.queries import UserQuery
from lamina.users.search_terms import email_words, public_words, terms

ROUND = 100
"""Entries per round; one BatchGetItem reads their users."""
MORE_ROUNDS = 4
"""Number of further rounds if the first one, of one page, has not filled the page."""


def search(query: UserQuery, limit: int, start: Cursor) -> Chunk[User]:
    """Read entries until the page and one more are found, no entries are left, or the limit of work is reached."""
    wanted = terms(query.search)
    lists = ("public", "email") if query.private else ("public",)
    source = Source("", [partition for name in lists for partition in search_partitions(name)], prefix=wanted[0])
    found: list[tuple[str, User]] = []
    last, more = start.position, True
    for count in (min(limit + 1, ROUND), *[ROUND] * MORE_ROUNDS):
        chunk = read(source, count, descending=start.backwards, after=last)
        found += _matches(chunk.items, query, wanted)
        last, more = chunk.last or last, chunk.more
        if len(found) > limit or not more:
            break
    return _cut(found, limit, last, more=more)


def _cut(found: list[tuple[str, User]], limit: int, last: str, *, more: bool) -> Chunk[User]:
    """Cut the matches to a page; the rest is found again by the next page."""
    kept = found[:limit]
    if len(found) > limit:
        last, more = kept[-1][0], True
    return Chunk([user for _, user in kept], first=kept[0][0] if kept else last, last=last, more=more)


def _matches(positions: list[str], query: UserQuery, wanted: list[str]) -> Iterator[tuple[str, User]]:
    """Yield the users that match all terms and filters, each only at the first of its entries in the list."""
    users = repository.get_many({identifier_of(position) for position in positions})
    for position in positions:
        user = users.get(identifier_of(position))
        if user is None or not query.includes(user):
            continue
        words = public_words(user) + (email_words(user) if query.private else [])
        places = [list_position(word, user.id) for word in words if word.startswith(wanted[0])]
        if position == min(places, default="") and all(_has(words, term) for term in wanted):
            yield position, user


def _has(words: list[str], term: str) -> bool:
    return any(word.startswith(term) for word in words)
