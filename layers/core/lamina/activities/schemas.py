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
"""An event type, or a prefix of event types that ends in `.*`."""


def chosen(since: str | None, until: str | None, of_type: str | None) -> Filter:
    """Validate the combination of query parameters.

    Raises:
        Invalid: if the interval ends before it begins.
    """
    if since and until and since >= until:
        raise Invalid(details=[Problem("to", "must be later than from")])
    return Filter(since or "", until or "", of_type or "")


class ActivityView(BaseModel):
    """An event that concerns a user, as published."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    id: Id
    type: str = Field(examples=["session.started"])
    occurred_at: Instant
    actor: Id | None
    correlation_id: str
    data: dict[str, Any] = Field(examples=[{"session_id": "01890a5d-ac96-774b-bcce-b302099a8057"}])
