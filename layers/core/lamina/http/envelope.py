"""The one shape of every answer: `{data, meta, links}`, or `{error}`."""

from typing import Annotated

from pydantic import BaseModel, Field

type Links = Annotated[
    dict[str, str], Field(json_schema_extra={"required": ["self"], "examples": [{"self": "/v1/users/me"}]})
]
"""Where to go from here, by relation; `self` always, others where they lead somewhere."""


class Envelope[T](BaseModel):
    """An answer with one thing in it."""

    data: T
    links: Links


def _is_absent(value: object) -> bool:
    return value is None


def _is_empty(value: object) -> bool:
    return not value


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
    links: Links


class ErrorDetail(BaseModel):
    """One field at fault, by its path."""

    field: str
    message: str


class ErrorContent(BaseModel):
    """What went wrong, what to do next, and the id to quote to support.

    Attributes:
        mfa_token: with `MFA_REQUIRED` only: what stands for the password in the second step.
    """

    code: str
    message: str
    details: list[ErrorDetail]
    request_id: str
    mfa_token: str = Field(default="", exclude_if=_is_empty)


class ErrorEnvelope(BaseModel):
    """An answer that says no."""

    error: ErrorContent
