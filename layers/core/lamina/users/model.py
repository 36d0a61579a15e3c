"""A user, as the domain sees it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lamina.access.policy import Role, lowest


class Status(StrEnum):
    """Whether a user may use the system."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"


@dataclass(frozen=True, kw_only=True)
class User:
    """A user at one version.

    Attributes:
        id: UUIDv7.
        email: lower-case address, unique.
        username: lower-case, unique.
        name: as it is to be shown.
        role: what the user may do.
        status: whether the user may sign in.
        age: in years, if known.
        email_verified: whether the address was shown to be the user's.
        metadata: the client's own JSON object.
        avatar_url: where the picture is.
        version: counts changes from 1; 0 before the first save.
        created_at: RFC 3339 UTC.
        updated_at: RFC 3339 UTC.
        created_by: id of the user who made it; None if it registered itself.
        deleted_at: when it was soft-deleted; None while it lives.
        last_avatar: key of the avatar that was taken back last; `""` for none. No older upload becomes one.
        session_epoch: sessions of another epoch are over; raised to end them all at once.
        credential_epoch: API keys, OAuth clients and webhooks of another epoch are void; raised to revoke them all.
        demotions: for each role, the session epoch that began when a role that may more last became this one. What was
            granted before may no more than this role, whatever the role is now.
    """

    id: str
    email: str
    username: str
    name: str
    role: Role
    status: Status
    created_at: str
    updated_at: str
    age: int | None = None
    email_verified: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    avatar_url: str | None = None
    version: int = 0
    created_by: str | None = None
    deleted_at: str | None = None
    last_avatar: str = ""
    session_epoch: int = 0
    credential_epoch: int = 0
    demotions: dict[Role, int] = field(default_factory=dict)

    def lowest_role_since(self, session_epoch: int) -> Role:
        """Return the role that may least of those held since a session epoch."""
        return lowest([self.role, *(role for role, epoch in self.demotions.items() if epoch > session_epoch)])
