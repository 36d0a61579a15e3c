"""Pages of a list whose entries all count: what lists without filters need beyond `sharded_list`."""

from dataclasses import dataclass

from lamina.storage.cursors import Cursor
from lamina.storage.sharded_list import Source, read

_START = Cursor("")


@dataclass(frozen=True)
class Page:
    """Positions (sort keys) in list order, and whether more lies beyond the two edges."""

    positions: list[str]
    has_more: bool
    has_previous: bool

    @property
    def first(self) -> str:
        """The position at the upper edge; `""` on an empty page."""
        return self.positions[0] if self.positions else ""

    @property
    def last(self) -> str:
        """The position at the lower edge; `""` on an empty page."""
        return self.positions[-1] if self.positions else ""


def read_page(source: Source, limit: int, *, descending: bool, cursor: Cursor | None) -> Page:
    """Read one page of a list.

    Args:
        source: the list.
        limit: how many entries at the most.
        descending: the order of the list.
        cursor: where to go on; None for the start.
    """
    start = cursor or _START
    chunk = read(source, limit, descending=descending != start.backwards, after=start.position)
    behind = bool(start.position)
    if start.backwards:
        return Page(chunk.positions[::-1], has_more=behind, has_previous=chunk.more)
    return Page(chunk.positions, has_more=chunk.more, has_previous=behind)
