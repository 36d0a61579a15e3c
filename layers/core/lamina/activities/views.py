"""What clients see of activities."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.ids import Id, Instant


class ActivityView(BaseModel):
    """Something that happened to a user: the event, for whose eyes it is fit as it is."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    id: Id
    type: str = Field(examples=["session.started"])
    occurred_at: Instant
    actor: Id | None
    correlation_id: str
    data: dict[str, Any] = Field(examples=[{"session_id": "01890a5d-ac96-774b-bcce-b302099a8057"}])
