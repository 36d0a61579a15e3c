"""The domain model of users."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lamina.access.policy import Role, lowest

DEFAULT_LOCALE = "en"
"""The locale of users who have not chosen one, and of those created before users had one."""


class Status(StrEnum):
    """The status of a user."""

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
        name: display name.
        role: role of the user.
        status: status; only active users may sign in.
        age: in years, if known.
        locale: language of the user, as a BCP 47 tag (`users.locale`).
        email_verified: whether the address is verified.
        metadata: client-defined JSON object.
        avatar_url: URL of the avatar.
        version: number of changes, from 1; 0 before the first save.
        created_at: RFC 3339 UTC.
        updated_at: RFC 3339 UTC.
        created_by: id of the user who created it; None for a self-registered user.
        deleted_at: time of the soft deletion; None if it is not deleted.
        last_avatar: key of the last deleted avatar; `""` for none. Older uploads are ignored.
        session_epoch: sessions of other epochs are void; incremented to end them all at once.
        credential_epoch: API keys, OAuth clients and webhooks of other epochs are void; incremented to revoke them all.
        demotions: for each role, the session epoch that began with the last demotion to it from a higher role.
            Credentials created before are limited to this role, whatever the role is now.
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
    locale: str = DEFAULT_LOCALE
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
        """Return the lowest role held since a session epoch."""
        return lowest([self.role, *(role for role, epoch in self.demotions.items() if epoch > session_epoch)])
