"""How keys of the table are composed, so that no caller can compose somebody else's.

A key is a kind and a value joined by `#`. Kinds are literals that hold no separator, so a value may hold any, as an
address may: two things never have the same key. Of a value made of several parts, all but the last hold no separator:
they are ids, instants and names of ours. Which keys an item has, its subject says (`items.py`).
"""

from zlib import crc32

SHARDS = 4
"""How many partitions a list is spread over: a partition takes 1,000 writes a second (DynamoDB quotas)."""


def key(kind: str, value: str) -> str:
    """Compose a key of its kind and its value."""
    return f"{kind}#{value}"


def value_of(composed: str) -> str:
    """Give back the value of a key that `key` composed."""
    return composed.partition("#")[2]


def shard_of(identifier: str) -> int:
    """Choose the shard of an item by its id: evenly spread and always the same."""
    return crc32(identifier.encode()) % SHARDS


def list_partition(*parts: str, shard: int) -> str:
    """Compose the partition of one shard of a list (`USERS#created_at#admin#2`)."""
    return "#".join((*parts, str(shard)))


def list_position(sort_value: str, identifier: str) -> str:
    """Compose the sort key of an entry: unique, and ordered by the sort value first."""
    return f"{sort_value}#{identifier}"


def identifier_of(position: str) -> str:
    """Give back the id of an entry that `list_position` composed; the sort value may hold separators of its own."""
    return position.rpartition("#")[2]
