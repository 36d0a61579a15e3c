"""Keeps what is derived from posts up to date with them: the search index, and the latest posts of authors."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched

from lamina.events.catalog import POST_CREATED
from lamina.events.envelope import Event
from lamina.posts import latest, repository
from lamina.posts.items import CREATED, PUBLISHED, list_partitions
from lamina.posts.model import ContentForm, State
from lamina.posts.search import indexing, statistics
from lamina.posts.search.documents import Document
from lamina.posts.search.items import indexed_posts
from lamina.posts.text import plain_text
from lamina.storage.keys import identifier_of
from lamina.storage.sharded_list import Source, read

STEP = 100
"""Posts per step of a rebuild: the maximum of one BatchGetItem."""
WORKERS = 8
"""Posts that a rebuild updates at a time."""


@dataclass
class Progress:
    """What a rebuild has done.

    Attributes:
        indexed: number of public posts that it has looked at.
        removed: number of posts that it has removed from the index.
    """

    indexed: int = 0
    removed: int = 0


def follow(event: Event) -> None:
    """Update what is derived from the post of an event to the post as it is now, whatever it was at the event."""
    if event["type"] != POST_CREATED.name:  # what is created as published has an event of its own for that
        update(event["subject"])
    latest.refresh(event["data"]["owner_id"], [event["subject"]])


def update(post_id: str) -> None:
    """Update the index to a post as it is now. May be repeated.

    Raises:
        Conflict: if the post, or its entries, keep being changed concurrently.
    """
    found = repository.get_with(post_id, ContentForm.HTML)
    if found is None:
        indexing.remove(post_id)
        return
    post, texts = found
    if post.state == State.PUBLIC:
        indexing.index(Document(post.id, post.version, post.title, post.tags, plain_text(texts[ContentForm.HTML])))
    else:
        indexing.remove(post_id, post.version)


def rebuild() -> Iterator[Progress]:
    """Update the index to all posts, and remove from it those that are not public or do not exist.

    It writes only what differs, and may run while posts are changed.

    Yields:
        The progress, after each step.
    """
    progress = Progress()
    # Workers of its own, because an update waits for those of `threads`.
    with ThreadPoolExecutor(WORKERS) as workers:
        for post_ids in _public_posts():
            list(workers.map(update, post_ids))
            progress.indexed += len(post_ids)
            yield progress
        for post_ids in batched(indexed_posts(), STEP, strict=False):
            found = repository.get_many(post_ids)
            public = {post.id for post in found.values() if post.state == State.PUBLIC}
            others = [post_id for post_id in post_ids if post_id not in public]
            list(workers.map(update, others))
            progress.removed += len(others)
            yield progress
        for author_ids in _authors():
            list(workers.map(latest.refresh, author_ids))
            yield progress
    statistics.refresh()


def _authors() -> Iterator[Sequence[str]]:
    """Yield the ids of all authors, in steps, each once."""
    seen: set[str] = set()
    for state in State:
        for post_ids in _posts(CREATED, state):
            authors = {post.author_id for post in repository.get_many(post_ids).values()} - seen
            seen |= authors
            yield sorted(authors)


def _public_posts() -> Iterator[Sequence[str]]:
    """Yield the ids of all posts that everybody may read, in steps."""
    return _posts(PUBLISHED, State.PUBLIC)


def _posts(sort: str, state: State) -> Iterator[Sequence[str]]:
    source = Source(*list_partitions(sort, state))
    after, more = "", True
    while more:
        chunk = read(source, STEP, descending=False, after=after)
        yield [identifier_of(position) for position in chunk.items]
        after, more = chunk.last, chunk.more
