"""Pages of lists, as every subject returns them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lamina.storage.cursors import Cursor
from lamina.storage.sharded_list import Chunk, Source, read

START = Cursor("")


@dataclass(frozen=True)
class Page[T]:
    """A page of a list.

    Attributes:
        items: in list order; perhaps fewer than were asked for, even where more follow.
        first: position (sort key) where the page begins, `""` if nothing was read.
        last: position where it ends.
        has_more: whether there may be more after it.
        has_previous: whether there may be more before it.
        total: items of the whole list; None where only a scan could count them.
    """

    items: list[T]
    first: str
    last: str
    has_more: bool
    has_previous: bool
    total: int | None = None

    def with_items[U](self, items: Iterable[U]) -> "Page[U]":
        """Return the same page with other items, such as what lies behind its positions."""
        return Page(list(items), self.first, self.last, self.has_more, self.has_previous, self.total)

    def map[U](self, function: Callable[[T], U]) -> "Page[U]":
        """Return the same page with a function applied to each item."""
        return self.with_items(map(function, self.items))


def page_of[T](chunk: Chunk[T], start: Cursor, *, offset: int = 0, total: int | None = None) -> Page[T]:
    """Return what was read from a cursor as a page, in list order.

    Args:
        chunk: as it was read, which may be backwards.
        start: where reading began; there is something on its other side.
        offset: how many items were skipped.
        total: items of the whole list, if known.
    """
    behind = bool(start.position) or offset > 0
    if start.backwards:
        return Page(chunk.items[::-1], chunk.last, chunk.first, behind, chunk.more, total)
    return Page(chunk.items, chunk.first, chunk.last, chunk.more, behind, total)


def read_page(source: Source, limit: int, *, descending: bool, cursor: Cursor | None) -> Page[str]:
    """Read a page of the positions of a list whose entries all count.

    Args:
        source: the list.
        limit: how many entries at most.
        descending: the order of the list.
        cursor: where to continue; None for the start.
    """
    start = cursor or START
    return page_of(read(source, limit, descending=descending != start.backwards, after=start.position), start)
