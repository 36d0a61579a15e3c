"""Pages of lists, as GraphQL returns them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from lamina.errors import Invalid, Problem
from lamina.graphql.arguments import Arguments, Limit
from lamina.storage.cursors import Cursor
from lamina.storage.list_cursors import ListCursors
from lamina.storage.pages import Page


class PageArguments(Arguments):
    """The arguments of a list by pages."""

    first: Limit = 20
    after: Annotated[str, Field(min_length=1, max_length=1024)] | None = None


@dataclass(frozen=True)
class NodePage:
    """A page of a list.

    Attributes:
        nodes: the objects.
        next_cursor: position of the next page; None on the last one.
        has_more: whether another page follows.
    """

    nodes: Sequence[Any]
    next_cursor: str | None
    has_more: bool


def read_page(wanted: PageArguments, cursors: ListCursors, read: Callable[[int, Cursor | None], Page[Any]]) -> NodePage:
    """Return a page of a list.

    Args:
        wanted: where it starts, and how many objects it may have.
        cursors: the cursors of the list.
        read: reads it, given the number of objects and the position.

    Raises:
        Invalid: if `after` is not a cursor of this list.
    """
    try:
        cursor = cursors.read(wanted.after) if wanted.after else None
    except Invalid:
        raise Invalid(details=[Problem("after", "is not a nextCursor of this query with the same filters")]) from None
    found = read(wanted.first, cursor)
    return NodePage(found.items, cursors.following(found.last, has_more=found.has_more), found.has_more)
