"""The shape of every response: `{data, meta, links}`, or `{error}`."""

from typing import Annotated, NotRequired, TypedDict

from pydantic import BaseModel, Field

from lamina.ids import Href

type Links = Annotated[dict[str, str], Field(json_schema_extra={"required": ["self"]})]
"""Links by relation, for responses that do not declare theirs."""


class PageLinks(TypedDict):
    """Links of a page of a list. `next` and `prev` are present if there is such a page."""

    self: Href
    first: Href
    next: NotRequired[Href]
    prev: NotRequired[Href]


class Envelope[T, L = Links](BaseModel):
    """A response with one resource and its links."""

    data: T
    links: L


def _is_absent(value: object) -> bool:
    return value is None


class PageMeta(BaseModel):
    """Pagination information.

    Attributes:
        limit: maximum number of items per page.
        total: number of items in the whole list; null if counting them would require a scan.
        has_more: whether another page follows.
        next_cursor: `cursor` of the next page; null on the last page.
        page: number of this page; present only if requested by number.
        pages: number of pages; present only if requested by number.
    """

    limit: int
    total: int | None
    has_more: bool
    next_cursor: str | None
    page: int | None = Field(default=None, exclude_if=_is_absent)
    pages: int | None = Field(default=None, exclude_if=_is_absent)


class ListEnvelope[T](BaseModel):
    """A response with a page of a list."""

    data: list[T]
    meta: PageMeta
    links: PageLinks


class ErrorDetail(BaseModel):
    """An invalid field, by its path."""

    field: str
    message: str


class ErrorContent(BaseModel):
    """An error: a code, a message that says what to do next, and the request id to quote to support."""

    code: str
    message: str
    details: list[ErrorDetail]
    request_id: str
