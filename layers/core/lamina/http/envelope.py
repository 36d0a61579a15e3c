"""The one shape of every answer: `{data, meta, links}`, or `{error}`."""

from typing import Annotated, NotRequired, TypedDict

from pydantic import BaseModel, Field

from lamina.ids import Href

type Links = Annotated[dict[str, str], Field(json_schema_extra={"required": ["self"]})]
"""Links by relation of an answer that does not declare which it has."""


class PageLinks(TypedDict):
    """Where to go from a page of a list; `next` and `prev` are there where such a page is."""

    self: Href
    first: Href
    next: NotRequired[Href]
    prev: NotRequired[Href]


class SelfLink(TypedDict):
    """Of what nothing else belongs to."""

    self: Href


class Envelope[T, L = Links](BaseModel):
    """An answer with one thing in it, and links to what belongs to it."""

    data: T
    links: L


def _is_absent(value: object) -> bool:
    return value is None


class PageMeta(BaseModel):
    """What a list tells of itself.

    Attributes:
        limit: items a page, at the most.
        total: items in the whole list; null where only a scan could tell.
        has_more: whether another page follows.
        next_cursor: what to send as `cursor` for it.
        page: number of this page; there only when it was asked for by number.
        pages: number of pages, likewise.
    """

    limit: int
    total: int | None
    has_more: bool
    next_cursor: str | None
    page: int | None = Field(default=None, exclude_if=_is_absent)
    pages: int | None = Field(default=None, exclude_if=_is_absent)


class ListEnvelope[T](BaseModel):
    """An answer with a page of a list in it."""

    data: list[T]
    meta: PageMeta
    links: PageLinks


class ErrorDetail(BaseModel):
    """One field at fault, by its path."""

    field: str
    message: str


class ErrorContent(BaseModel):
    """What went wrong, what to do next, and the id to quote to support."""

    code: str
    message: str
    details: list[ErrorDetail]
    request_id: str
