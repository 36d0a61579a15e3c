"""Query parameters and response models of activities."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.activities.model import Filter
from lamina.errors import Invalid, Problem
from lamina.ids import Id, Instant

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


class ActivityView(BaseModel):
    """Something that happened to a user: the event, for whose eyes it is fit as it is."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    id: Id
    type: str = Field(examples=["session.started"])
    occurred_at: Instant
    actor: Id | None
    correlation_id: str
    data: dict[str, Any] = Field(examples=[{"session_id": "01890a5d-ac96-774b-bcce-b302099a8057"}])
