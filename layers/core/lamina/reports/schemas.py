"""Request models of reports."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lamina.access.policy import Role
from lamina.fields import Boolean, Timestamp
from lamina.ids import canonical
from lamina.reports.formats import Format
from lamina.users.model import Status


class ReportType(StrEnum):
    """The subject of a report."""

    USERS = "users"
    ACTIVITIES = "activities"


class NewReport(BaseModel):
    """A report of `users`, filtered by `role`, `status` or `deleted`; or of the `activities` of `user_id`."""

    model_config = ConfigDict(extra="forbid")

    type: ReportType
    format: Format
    role: Role | None = Field(default=None, description="Only users with this role.")
    status: Status | None = Field(default=None, description="Only users with this status.")
    deleted: Boolean | None = Field(
        default=None, description="Report deleted users instead. Cannot be combined with other filters."
    )
    user_id: Annotated[str, AfterValidator(canonical)] | None = Field(
        default=None, json_schema_extra={"format": "uuid"}, description="The user whose activities are reported."
    )
    since: Timestamp | None = Field(default=None, alias="from", description="Activities at or after this instant.")
    until: Timestamp | None = Field(default=None, alias="to", description="Activities before this instant.")
