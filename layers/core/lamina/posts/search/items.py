"""Table items of the search index.

An item of a term is as small as possible, because a search pays for the size of those that it reads: its key says
everything, and of the attributes of items it has only the kind.
"""

from collections.abc import Collection, Iterable, Iterator
from uuid import UUID
from zlib import crc32

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from lamina.posts.search.vectors import LEVELS, Entry, Vector, decode
from lamina.storage.item import Item
from lamina.storage.keys import key, list_partition
from lamina.storage.sort_keys import read_sort_keys

SHARDS = 256
"""Partitions of the indexed posts. Each is a random sample of all posts; `statistics` reads as many as it needs."""

_COMPLEMENT = str.maketrans("0123456789abcdef", "fedcba9876543210")


class PostTermItem(Item, discriminator="post_term"):
    """A term of a post: `TERM#<term>` / `<inverted level>#<inverted post id>`.

    Within a term, the highest impact comes first; of equal ones the newest post.
    """


class PostWordItem(Item, discriminator="post_word"):
    """A word of some post, by which beginnings of words are completed: `WORDS#<first letter>` / `<word>`."""

    created_at = UnicodeAttribute(null=True)


class IndexedPostItem(Item, discriminator="indexed_post"):
    """What the index holds of a post: `INDEXED_POSTS#<shard>` / `<post id>`.

    It remains for a day when the post is removed from the index, so that a late update does not bring the post back.
    """

    post_version = NumberAttribute()
    """Version of the post that the index has, or is being brought to."""
    vector = BinaryAttribute(legacy_encoding=False)
    pending = BinaryAttribute(null=True, legacy_encoding=False)
    """Entries that may be missing, and entries that may be left over, while an update is under way."""


class SearchStatisticsItem(Item, discriminator="search_statistics"):
    """Statistics of the index: `SEARCH_STATISTICS#POSTS` / `STATISTICS`."""

    posts = NumberAttribute()
    average_length = NumberAttribute()
    frequent = BinaryAttribute(legacy_encoding=False)
    """Number of posts of each frequent term."""


def posting(entry: Entry, post_id: str) -> PostTermItem:
    """Return the item of a term of a post."""
    term, level = entry
    return PostTermItem(key("TERM", term), f"{LEVELS - level:03x}#{_inverted(post_id)}")


def indexed_key(post_id: str) -> tuple[str, str]:
    """Return the key of what the index holds of a post."""
    return indexed_partition(crc32(post_id.encode()) % SHARDS), post_id


def indexed_partition(shard: int) -> str:
    """Return a partition of the indexed posts."""
    return list_partition("INDEXED_POSTS", shard=shard)


def word_key(word: str) -> tuple[str, str]:
    """Return the key of a word."""
    return key("WORDS", word[0]), word


def statistics_key() -> tuple[str, str]:
    """Return the key of the statistics."""
    return key("SEARCH_STATISTICS", "POSTS"), "STATISTICS"


def read_postings(term: str, count: int) -> tuple[list[tuple[str, int]], bool]:
    """Return the posts with the highest impact of a term, with their levels, and whether these are all: one Query."""
    found, more = read_sort_keys(key("TERM", term), count)
    return [(str(UUID(_inverted(position[4:]))), LEVELS - int(position[:3], 16)) for position in found], not more


def has_postings(term: str) -> bool:
    """Return whether any post has a term: one consistent read."""
    return bool(read_sort_keys(key("TERM", term), 1, consistent=True)[0])


def read_words(beginning: str, count: int) -> list[str]:
    """Return the first words that begin with a text, in alphabetical order: one Query."""
    return read_sort_keys(word_key(beginning)[0], count, prefix=beginning)[0]


def indexed_posts() -> Iterator[str]:
    """Yield the ids of all posts in the index."""
    for shard in range(SHARDS):
        for item in IndexedPostItem.query(indexed_partition(shard)):
            if decode(item.vector).terms:
                yield item.sk


def read_vectors(post_ids: Iterable[str], terms: Collection[str]) -> dict[str, Vector]:
    """Return the vectors of up to 100 posts, with these of their terms: one BatchGetItem. Some may not be indexed."""
    keys = [indexed_key(post_id) for post_id in post_ids]
    return {item.sk: decode(item.vector, terms) for item in IndexedPostItem.batch_get(keys)} if keys else {}


def _inverted(post_id: str) -> str:
    """Return an id without hyphens, in descending order; applied twice, it is the id."""
    return post_id.replace("-", "").translate(_COMPLEMENT)
