"""What clients send to ask for a report."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lamina.access.policy import Role
from lamina.fields import Boolean, Timestamp
from lamina.ids import canonical
from lamina.reports.formats import Format
from lamina.users.model import Status


class ReportType(StrEnum):
    """What a report is about."""

    USERS = "users"
    ACTIVITIES = "activities"


class NewReport(BaseModel):
    """A report to be written: of `users`, by `role`, `status` or `deleted`; or of the `activities` of `user_id`."""

    model_config = ConfigDict(extra="forbid")

    type: ReportType
    format: Format
    role: Role | None = Field(default=None, description="Only users of this role.")
    status: Status | None = Field(default=None, description="Only users of this status.")
    deleted: Boolean | None = Field(
        default=None, description="The deleted users instead; goes without the other filters."
    )
    user_id: Annotated[str, AfterValidator(canonical)] | None = Field(
        default=None, json_schema_extra={"format": "uuid"}, description="Whose activities."
    )
    since: Timestamp | None = Field(default=None, alias="from", description="Activities from this instant on.")
    until: Timestamp | None = Field(default=None, alias="to", description="Activities before this instant.")
