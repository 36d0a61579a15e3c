"""Request and response models of users."""

from typing import Annotated, Any, NotRequired, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lamina import ids
from lamina.access.policy import Action, Caller, Role, may
from lamina.fields import Integer, Name, matching
from lamina.ids import Href, Id, Instant
from lamina.users.locale import LOCALE, LONGEST, canonical
from lamina.users.metadata import MAX_BYTES, TOO_LARGE, is_small
from lamina.users.model import DEFAULT_LOCALE, Status, User

_ATEXT = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
EMAIL = rf"^(?![^@]{{65}}){_ATEXT}(?:\.{_ATEXT})*@(?:{_LABEL}\.)+[a-zA-Z][a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9]$"
"""An address as mail servers deliver it (RFC 5321): a Dot-string of at most 64 octets, and a domain of at least two
labels, the last of which begins with a letter (RFC 3696 section 2), so that IP addresses are excluded."""
USERNAME = r"^[a-zA-Z0-9_.-]{3,30}$"


def _small(metadata: dict[str, Any]) -> dict[str, Any]:
    if not is_small(metadata):
        raise ValueError(TOO_LARGE)
    return metadata


type Email = Annotated[
    str,
    Field(
        max_length=254,
        description="Must be unique (case-insensitive). Stored in lower case.",
        examples=["ada@example.com"],
        json_schema_extra={"pattern": EMAIL},
    ),
    matching(EMAIL, "must be an e-mail address, like name@example.com"),
    AfterValidator(str.lower),
]
type Username = Annotated[
    str,
    Field(
        min_length=3,
        max_length=30,
        description="Must be unique (case-insensitive). Stored in lower case.",
        examples=["ada"],
        json_schema_extra={"pattern": USERNAME},
    ),
    matching(USERNAME, "must have 3 to 30 of the characters a-z, 0-9, _ . -"),
    AfterValidator(str.lower),
]
type Locale = Annotated[
    str,
    Field(
        max_length=LONGEST,
        description="The language, as a BCP 47 tag: a language, optionally a script, optionally a region. "
        "Case-insensitive; stored in the usual case.",
        examples=["en", "de-CH", "zh-Hant-TW", "es-419"],
        json_schema_extra={"pattern": LOCALE},
    ),
    matching(LOCALE, "must be a language tag, like en, de-CH or zh-Hant-TW"),
    AfterValidator(canonical),
]
type Age = Annotated[Integer, Field(ge=0, le=120, description="In years.", examples=[36])]
type Metadata = Annotated[
    dict[str, Any],
    Field(description=f"Client-defined metadata, up to {MAX_BYTES} bytes as JSON.", examples=[{"team": "engines"}]),
    AfterValidator(_small),
]
type MetadataPatch = Annotated[
    dict[str, Any] | None,
    Field(
        description=f"Merged into the existing metadata (RFC 7396): null removes a member, or all of them. "
        f"The result may have up to {MAX_BYTES} bytes as JSON.",
        examples=[{"team": "engines", "desk": None}],
    ),
]


class NewUserFields(BaseModel):
    """The fields of every new user."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    username: Username
    name: Name
    age: Age | None = None
    locale: Locale = DEFAULT_LOCALE
    metadata: Metadata = Field(default_factory=dict)


class UserReplacement(NewUserFields):
    """A full user, for PUT. Omitted optional fields are reset, except role and status, which are kept."""

    role: Role | None = None
    status: Status | None = None


class UserChange(BaseModel):
    """A partial user, for PATCH (RFC 7396). Omitted fields are kept; null resets a field."""

    model_config = ConfigDict(extra="forbid")

    email: Email = ""
    email_verified: bool = Field(default=False, strict=True, description="Whether an admin vouches for the address.")
    username: Username = ""
    name: Name = ""
    age: Age | None = None
    locale: Locale = DEFAULT_LOCALE
    metadata: MetadataPatch = None
    role: Role = Role.VIEWER
    status: Status = Status.ACTIVE


class PublicProfile(BaseModel):
    """The part of a user that everybody may see."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    id: Id
    username: str = Field(examples=["ada"])
    name: str = Field(examples=["Ada Lovelace"])
    avatar_url: str | None = Field(examples=[None])
    created_at: Instant


class UserView(BaseModel):
    """A full user, for the user itself and for callers who manage users."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    id: Id
    email: str = Field(examples=["ada@example.com"])
    username: str = Field(examples=["ada"])
    name: str = Field(examples=["Ada Lovelace"])
    age: int | None = Field(examples=[36])
    locale: str = Field(examples=["en"])
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
    """Return the response model of a user that the caller is allowed to see."""
    seen = UserView if sees_all(user, caller) else PublicProfile
    return seen.model_validate(user)


def sees_all(user: User, caller: Caller) -> bool:
    """Return whether the caller may see more of this user than the public profile."""
    return may(caller, Action.USER_READ_PRIVATE, owner_id=user.id)


def etag(user: User, caller: Caller) -> str:
    """Return the entity tag of what the caller sees of a user. That of a profile does not reveal other changes."""
    if sees_all(user, caller):
        return ids.etag(user.id, user.version)
    return f"{user.id}-public-{ids.state_of(PublicProfile.model_validate(user).model_dump_json())}"


class UserLinks(TypedDict):
    """Links of a user; `login` is present after registration."""

    self: Href
    collection: Href
    login: NotRequired[Href]


def links(user: User) -> UserLinks:
    """Return the links of a user."""
    return {"self": f"/v1/users/{user.id}", "collection": "/v1/users"}
