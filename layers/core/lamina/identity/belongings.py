"""Tokens and clients lie apart from their user: each is found by its owner, so that it goes when the owner goes."""

from collections.abc import Iterator

from lamina.storage.item import Entry, Item
from lamina.storage.keys import key


def belongs_to(user_id: str, item: Item) -> None:
    """Let an item be found by its owner, in `gsi4`: one write unit more."""
    item.gsi4pk = key("OWNER", user_id)
    item.gsisk = item.gsisk or item.pk


def belongings(user_id: str) -> Iterator[Entry]:
    """Yield the keys of the tokens and clients of a user."""
    yield from Entry.gsi4.query(key("OWNER", user_id))
