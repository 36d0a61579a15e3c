"""What clients see of a user."""

from typing import Any, NotRequired, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from lamina import ids
from lamina.access.policy import Action, Caller, Role, may
from lamina.ids import Href, Id, Instant
from lamina.users.model import Status, User


class PublicProfile(BaseModel):
    """What everybody may see of a user."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    id: Id
    username: str = Field(examples=["ada"])
    name: str = Field(examples=["Ada Lovelace"])
    avatar_url: str | None = Field(examples=[None])
    created_at: Instant


class UserView(BaseModel):
    """All of a user: for itself and for those who manage users."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    id: Id
    email: str = Field(examples=["ada@example.com"])
    username: str = Field(examples=["ada"])
    name: str = Field(examples=["Ada Lovelace"])
    age: int | None = Field(examples=[36])
    role: Role
    status: Status
    email_verified: bool
    metadata: dict[str, Any] = Field(examples=[{"team": "engines"}])
    avatar_url: str | None = Field(examples=[None])
    version: int = Field(examples=[1])
    created_at: Instant
    updated_at: Instant
    created_by: Id | None
    deleted_at: Instant | None = Field(examples=[None])


def view(user: User, caller: Caller) -> UserView | PublicProfile:
    """Show a user as far as the caller may see it."""
    seen = UserView if sees_all(user, caller) else PublicProfile
    return seen.model_validate(user)


def sees_all(user: User, caller: Caller) -> bool:
    """Tell whether the caller sees more of this user than the public profile."""
    return may(caller, Action.USER_READ_PRIVATE, owner_id=user.id)


def edition(user: User, caller: Caller) -> str:
    """Name what the caller sees of this version of a user: it differs whenever the answer may."""
    whole = ids.edition(user.id, user.version)
    return whole if sees_all(user, caller) else f"{whole}-public"


class UserLinks(TypedDict):
    """Where to go from a user; `login` after registering."""

    self: Href
    collection: Href
    login: NotRequired[Href]


def links(user: User) -> UserLinks:
    """Give where to go from a user."""
    return {"self": f"/v1/users/{user.id}", "collection": "/v1/users"}
