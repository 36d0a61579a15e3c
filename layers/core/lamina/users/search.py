"""Searches users by words of their names and, for callers who may see them, of their e-mail addresses."""

from lamina.search_terms import terms
from lamina.storage.cursors import Cursor
from lamina.storage.sharded_list import Chunk
from lamina.storage.word_search import WordSearch
from lamina.users import repository
from lamina.users.items import search_partitions
from lamina.users.model import User
from lamina.users.queries import UserQuery
from lamina.users.search_terms import email_words, public_words


def search(query: UserQuery, limit: int, start: Cursor) -> Chunk[User]:
    """Return the users that match a search, in the order of the matching word; the work is limited."""
    lists = ("public", "email") if query.private else ("public",)

    def load(user_ids: set[str]) -> dict[str, User]:
        found = repository.get_many(user_ids)
        return {user_id: user for user_id, user in found.items() if query.includes(user)}

    def words(user: User) -> list[str]:
        return public_words(user) + (email_words(user) if query.private else [])

    partitions = [partition for name in lists for partition in search_partitions(name)]
    return WordSearch(terms(query.search), partitions, load, words).read(limit, start)
