"""What clients send to choose among activities."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from lamina.activities.model import Filter
from lamina.errors import Invalid, Problem
from lamina.ids import stamp

INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
"""RFC 3339, section 5.6."""


def _instant(text: object) -> str:
    try:
        if INSTANT.fullmatch(str(text)):
            return stamp(datetime.fromisoformat(str(text).upper()))
    except (OverflowError, ValueError):
        pass  # said below
    raise ValueError("must be an instant as in RFC 3339, like 2026-11-20T09:30:00Z")


type Moment = Annotated[
    str,
    BeforeValidator(_instant),
    Field(examples=["2026-11-20T09:30:00Z"], json_schema_extra={"format": "date-time"}),
]
"""An instant in a query; given in the form of `ids.now`."""
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
