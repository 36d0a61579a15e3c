"""What clients send to make and change users, with the rules of each field."""

import json
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from lamina.access.policy import Role
from lamina.users.model import Status

EMAIL = (
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$"
)
"""A valid e-mail address as HTML has it (WHATWG HTML, 4.10.5.1.5), with a dot in the domain."""
USERNAME = r"^[a-zA-Z0-9_.-]{3,30}$"
NAME = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
"""Something to see, and no control characters."""
METADATA_BYTES = 8192


def _small(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode()) > METADATA_BYTES:
        raise ValueError(f"must take at most {METADATA_BYTES} bytes as JSON")
    return metadata


def _whole(number: object) -> object:
    """Read 36.0 as 36: JSON has one kind of number, and it is whole if its value is (JSON Schema validation, 6.1.1)."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _shaped(pattern: str, advice: str) -> AfterValidator:
    """Check a pattern, and say in words what is wanted."""
    compiled = re.compile(pattern.removesuffix("$"))

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(advice)
        return text

    return AfterValidator(check)


type Email = Annotated[
    str,
    Field(
        max_length=254,
        description="Nobody else's, whatever the case; kept in lower case.",
        examples=["ada@example.com"],
        json_schema_extra={"pattern": EMAIL},
    ),
    _shaped(EMAIL, "must be an e-mail address, like name@example.com"),
    AfterValidator(str.lower),
]
type Username = Annotated[
    str,
    Field(
        min_length=3,
        max_length=30,
        description="Nobody else's, whatever the case; kept in lower case.",
        examples=["ada"],
        json_schema_extra={"pattern": USERNAME},
    ),
    _shaped(USERNAME, "must have 3 to 30 of the characters a-z, 0-9, _ . -"),
    AfterValidator(str.lower),
]
type Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        description="As it is to be shown.",
        examples=["Ada Lovelace"],
        json_schema_extra={"pattern": NAME},
    ),
    _shaped(NAME, "must hold visible text without control characters"),
]
type Age = Annotated[
    int, Field(ge=0, le=120, strict=True, description="In years.", examples=[36]), BeforeValidator(_whole)
]
type Metadata = Annotated[
    dict[str, Any],
    Field(description=f"The client's own, {METADATA_BYTES} bytes at most as JSON.", examples=[{"team": "engines"}]),
    AfterValidator(_small),
]


class NewUserFields(BaseModel):
    """What every new user has."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    username: Username
    name: Name
    age: Age | None = None
    metadata: Metadata = Field(default_factory=dict)


class UserReplacement(NewUserFields):
    """A whole user, for PUT: what may be left out and is, is reset, except role and status, which stay."""

    role: Role | None = None
    status: Status | None = None


class UserChange(BaseModel):
    """Some fields of a user, for PATCH (RFC 7396): what is left out stays, and only an age can be taken away."""

    model_config = ConfigDict(extra="forbid")

    email: Email = ""
    username: Username = ""
    name: Name = ""
    age: Age | None = None
    metadata: Metadata = Field(default_factory=dict)
    role: Role = Role.VIEWER
    status: Status = Status.ACTIVE
