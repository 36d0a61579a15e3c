"""Pagination: `limit`, `cursor` or `page`, `meta` and `links`."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler.openapi.params import Query

from lamina.errors import Invalid, Problem
from lamina.fields import QueryInteger
from lamina.http.envelope import PageLinks, PageMeta
from lamina.settings import settings
from lamina.storage.cursors import Cursor
from lamina.storage.list_cursors import ListCursors
from lamina.storage.pages import MAX_OFFSET, Page

LimitParameter = Annotated[QueryInteger, Query(ge=1, le=100, description="Maximum number of items per page.")]
CursorParameter = Annotated[
    str | None, Query(min_length=1, max_length=1024, description="`next_cursor` of the previous page.")
]
PageParameter = Annotated[
    QueryInteger | None,
    Query(
        ge=1,
        json_schema_extra={"maximum": MAX_OFFSET},
        description=f"Page number, starting at 1, instead of a cursor; up to item {MAX_OFFSET}.",
    ),
]


@dataclass(frozen=True)
class PageRequest:
    """Where a page starts: after (or before) a cursor, or at a page number.

    Attributes:
        limit: maximum number of items per page.
        cursor: position to continue from; None for the start.
        page: requested page number, from 1; None when paging by cursor.
    """

    limit: int
    cursor: Cursor | None
    page: int | None

    @property
    def offset(self) -> int:
        """The number of items before the page."""
        return ((self.page or 1) - 1) * self.limit


class ListRequest:
    """A request for a page of a list."""

    def __init__(self, path: str, query: Mapping[str, str], audience: str) -> None:
        """Create a request.

        Args:
            path: path of the list, from `/v1` on.
            query: filters and sort. A cursor is bound to them and to the audience.
            audience: the view of the list, so that a cursor of one view is not valid for another.
        """
        self._path = path
        self._query = dict(sorted(query.items()))
        self._cursors = ListCursors(path, self._query, audience)

    def position(self, limit: int, cursor: str | None, page: int | None) -> PageRequest:
        """Return the position to read from.

        Raises:
            Invalid: for a forged or foreign cursor, a cursor together with a page, or a page beyond 10,000 items.
        """
        if cursor and page:
            raise Invalid(details=[Problem("page", "cannot be combined with cursor")])
        if page and page * limit > MAX_OFFSET:
            advice = f"must not exceed {MAX_OFFSET} items; use cursor with next_cursor instead"
            raise Invalid(details=[Problem("page", advice)])
        return PageRequest(limit, self._cursors.read(cursor) if cursor else None, page)

    def describe(self, at: PageRequest, page: Page[Any]) -> tuple[PageMeta, PageLinks]:
        """Return `meta` and `links` of a page."""
        meta = self.meta(at, total=page.total, last=page.last, has_more=page.has_more)
        links = self.links(at, first=page.first, last=page.last, has_more=page.has_more, has_previous=page.has_previous)
        return meta, links

    def meta(self, at: PageRequest, *, total: int | None, last: str, has_more: bool) -> PageMeta:
        """Return the `meta` of a page."""
        pages = None if total is None or at.page is None else ceil(total / at.limit)
        next_cursor = self._cursors.following(last, has_more=has_more)
        return PageMeta(
            limit=at.limit, total=total, has_more=has_more, next_cursor=next_cursor, page=at.page, pages=pages
        )

    def links(self, at: PageRequest, *, first: str, last: str, has_more: bool, has_previous: bool) -> PageLinks:
        """Return the links of a page: by number if it was requested by number and in range, else by cursor."""
        links: PageLinks = {
            "self": self._link(at, cursor=self._cursors.write(at.cursor) if at.cursor else None, page=at.page),
            "first": self._link(at, page=at.page and 1),
        }
        if has_more and at.page and (at.page + 1) * at.limit <= MAX_OFFSET:
            links["next"] = self._link(at, page=at.page + 1)
        elif has_more and last:
            links["next"] = self._link(at, cursor=self._cursors.write(Cursor(last)))
        if at.page and at.page > 1:
            links["prev"] = self._link(at, page=at.page - 1)
        elif has_previous and first and not at.page:
            links["prev"] = self._link(at, cursor=self._cursors.write(Cursor(first, backwards=True)))
        return links

    def _link(self, at: PageRequest, *, cursor: str | None = None, page: int | None = None) -> str:
        place = {"limit": at.limit} | ({"page": page} if page else {})
        requested = {**self._query, **place} | ({"cursor": cursor} if cursor else {})
        return f"{settings().base_path}{self._path}?{urlencode(requested)}"
