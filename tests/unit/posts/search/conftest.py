"""What is in the index of a test, and the calls that change it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from lamina import ids
from lamina.posts.search import statistics
from lamina.posts.search.documents import Document, vector_of
from lamina.posts.search.items import IndexedPostItem, posting
from lamina.posts.search.vectors import WORD
from lamina.storage.item import Entry, connect
from lamina.storage.transport import Call, DynamoDb

WRITES = {"BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"}
type Observer = Callable[[Call], None]


@contextmanager
def observed(observe: Observer) -> Iterator[None]:
    """Call a function before each call of the table from this thread."""
    mine = threading.get_ident()

    def before(call: Call) -> None:
        if threading.get_ident() == mine:
            observe(call)

    observers = cast("DynamoDb", connect().client).before
    observers.append(before)
    try:
        yield
    finally:
        observers.remove(before)


def document(
    text: str, *, version: int = 1, post_id: str = "", title: str = "", tags: tuple[str, ...] = ()
) -> Document:
    return Document(post_id or ids.new_id(), version, title, tags, text)


def stored() -> tuple[set[tuple[str, str]], set[str], list[IndexedPostItem]]:
    """The keys of terms, the words, and the indexed posts that are in the table."""
    found = list(Entry.scan(consistent_read=True))
    terms = {(item.pk, item.sk) for item in found if item.pk.startswith("TERM#")}
    words = {item.sk for item in found if item.pk.startswith("WORDS#")}
    return terms, words, list(IndexedPostItem.scan(consistent_read=True))


def expected(*documents: Document) -> tuple[set[tuple[str, str]], set[str]]:
    """The keys of terms, and the words, of an index of these documents."""
    entries = [(entry, each.post_id) for each in documents for entry in vector_of(each).entries()]
    items = [posting(entry, post_id) for entry, post_id in entries if entry[1] != WORD]
    return {(item.pk, item.sk) for item in items}, {entry[0] for entry, _ in entries if entry[1] == WORD}


def empty() -> None:
    """Delete everything from the table."""
    with Entry.batch_write() as batch:
        for item in Entry.scan():
            batch.delete(item)


@pytest.fixture(autouse=True)
def no_statistics(aws: Any) -> Iterator[None]:  # noqa: ARG001 (its table)
    """Statistics that an earlier test has read are forgotten."""
    statistics._kept.statistics = None
    yield
    statistics._kept.statistics = None
