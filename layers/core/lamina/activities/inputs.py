"""What clients send to choose among activities."""

from typing import Annotated

from pydantic import Field

from lamina.activities.model import Filter
from lamina.errors import Invalid, Problem

type TypeFilter = Annotated[
    str,
    Field(max_length=64, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?$", examples=["session.*"]),
]
"""A type of event, or the beginning of some."""


def chosen(since: str | None, until: str | None, of_type: str | None) -> Filter:
    """Check that the parts of a query go together.

    Raises:
        Invalid: when it ends before it begins.
    """
    if since and until and since >= until:
        raise Invalid(details=[Problem("to", "must be later than from")])
    return Filter(since or "", until or "", of_type or "")
