"""Validation of requests, as Pydantic models."""

import json
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

EMAIL = (
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$"
)
USERNAME = r"^[a-zA-Z0-9_.-]{3,30}$"
NAME = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
LOCALE = r"^[a-zA-Z]{2,3}(?:-[a-zA-Z]{4})?(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?$"
METADATA_BYTES = 8192


def _small(metadata):
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > METADATA_BYTES:
        raise ValueError(f"must have at most {METADATA_BYTES} bytes as JSON")
    return metadata


def _canonical(tag):
    language, *rest = tag.split("-")
    return "-".join([language.lower(), *(part.title() if len(part) == 4 else part.upper() for part in rest)])


def _whole(number):
    return int(number) if isinstance(number, float) and number.is_integer() else number


class NewUser(BaseModel):
    """The request to create a user."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=254, pattern=EMAIL), AfterValidator(str.lower)]
    username: Annotated[str, Field(pattern=USERNAME), AfterValidator(str.lower)]
    name: Annotated[str, Field(max_length=100, pattern=NAME)]
    age: Annotated[int, Field(ge=0, le=120, strict=True), BeforeValidator(_whole)] | None = None
    locale: Annotated[str, Field(max_length=11, pattern=LOCALE), AfterValidator(_canonical)] = "en"
    metadata: Annotated[dict[str, Any], AfterValidator(_small)] = Field(default_factory=dict)
    role: Literal["admin", "editor", "viewer"] = "viewer"
    status: Literal["active", "inactive", "suspended"] = "active"


class User(BaseModel):
    """The private view of a user."""

    id: str
    email: str
    username: str
    name: str
    age: int | None
    locale: str
    role: str
    status: str
    email_verified: bool
    metadata: dict[str, Any]
    avatar_url: str | None
    version: int
    created_at: str
    updated_at: str
    created_by: str | None
    deleted_at: str | None


class PublicProfile(BaseModel):
    """The public profile of a user."""

    id: str
    username: str
    name: str
    avatar_url: str | None
    created_at: str


class Envelope(BaseModel):
    """A response with a user."""

    data: User | PublicProfile
    links: dict[str, str]


def canonical(text):
    """Check that an id is a UUID."""
    return str(UUID(text))


UserId = Annotated[str, Field(min_length=36, max_length=36), AfterValidator(canonical)]
