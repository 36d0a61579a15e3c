"""Composes keys so that they cannot collide.

A key is a kind and a value joined by `#`. Kinds are literals without separators, so a value may contain any, as e-mail
addresses may: two resources never have the same key. If a value has several parts, only the last may contain
separators; the others are ids, timestamps and our own names. `items.py` of each subject defines its keys.
"""

from zlib import crc32

SHARDS = 4
"""Number of partitions per list: a partition accepts 1,000 writes per second (DynamoDB quotas)."""


def key(kind: str, value: str) -> str:
    """Return the key of a kind and a value."""
    return f"{kind}#{value}"


def value_of(composed: str) -> str:
    """Return the value of a key that `key` composed."""
    return composed.partition("#")[2]


def shard_of(identifier: str) -> int:
    """Return the shard of an item by its id: evenly distributed and stable."""
    return crc32(identifier.encode()) % SHARDS


def list_partition(*parts: str, shard: int) -> str:
    """Return the partition of one shard of a list (`USERS#created_at#admin#2`)."""
    return "#".join((*parts, str(shard)))


def list_position(sort_value: str, identifier: str) -> str:
    """Return the sort key of an entry: unique, and ordered by the sort value first."""
    return f"{sort_value}#{identifier}"


def identifier_of(position: str) -> str:
    """Return the id of an entry from a key of `list_position`; the sort value may contain separators."""
    return position.rpartition("#")[2]
