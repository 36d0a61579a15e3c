"""Pages of lists, as returned by every subject."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lamina.storage.cursors import Cursor
from lamina.storage.sharded_list import Chunk, Source, read

START = Cursor("")
MAX_OFFSET = 10_000
"""How far lists can be read without a cursor: what is skipped is read and paid for."""


@dataclass(frozen=True)
class Page[T]:
    """A page of a list.

    Attributes:
        items: items in list order; may be fewer than requested, even if more follow.
        first: position (sort key) of the start of the page, `""` if nothing was read.
        last: position of its end.
        has_more: whether there may be more after it.
        has_previous: whether there may be more before it.
        total: number of items in the whole list; None if counting them would require a scan.
    """

    items: list[T]
    first: str
    last: str
    has_more: bool
    has_previous: bool
    total: int | None = None

    def with_items[U](self, items: Iterable[U]) -> "Page[U]":
        """Return the same page with other items, such as the items at its positions."""
        return Page(list(items), self.first, self.last, self.has_more, self.has_previous, self.total)

    def map[U](self, function: Callable[[T], U]) -> "Page[U]":
        """Return the same page with a function applied to each item."""
        return self.with_items(map(function, self.items))


def page_of[T](chunk: Chunk[T], start: Cursor, *, offset: int = 0, total: int | None = None) -> Page[T]:
    """Return a chunk that was read from a cursor as a page, in list order.

    Args:
        chunk: the chunk, possibly read backwards.
        start: where reading started; there are entries on its other side.
        offset: number of items skipped.
        total: number of items in the whole list, if known.
    """
    behind = bool(start.position) or offset > 0
    if start.backwards:
        return Page(chunk.items[::-1], chunk.last, chunk.first, behind, chunk.more, total)
    return Page(chunk.items, chunk.first, chunk.last, chunk.more, behind, total)


def read_page(source: Source, limit: int, *, descending: bool, cursor: Cursor | None) -> Page[str]:
    """Return a page of the positions of a list, without filtering.

    Args:
        source: the list.
        limit: maximum number of entries.
        descending: the order of the list.
        cursor: position to continue from; None for the start.
    """
    start = cursor or START
    return page_of(read(source, limit, descending=descending != start.backwards, after=start.position), start)
