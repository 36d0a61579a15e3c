"""Identifiers, instants and addresses, in the one form that the whole system uses."""

import hashlib
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
"""A UUIDv7 in canonical text."""

type Id = Annotated[str, Field(examples=["01890a5d-ac96-774b-bcce-b302099a8057"], json_schema_extra={"format": "uuid"})]
"""An id in what clients see."""
type Instant = Annotated[
    str, Field(examples=["2026-11-20T09:30:00.000000Z"], json_schema_extra={"format": "date-time"})
]
"""An instant in what clients see."""

type Href = Annotated[str, Field(examples=["/v1/users/me"], json_schema_extra={"format": "uri-reference"})]
"""The address of a resource, relative to the host of the API, in what clients see."""

CANONICAL_LENGTH = 36
ETERNITY = "9999-12-31T23:59:59.999999Z"
"""Sorts after every instant that will be."""


def new_id() -> str:
    """Make a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits (RFC 9562 section 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = milliseconds << 80 | random
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return str(UUID(int=value))


def derived_id(identifier: str, *of: str) -> str:
    """Make the one UUIDv7 that stands for these things together, of the same millisecond as the given one."""
    digest = hashlib.sha256("\n".join((identifier, *of)).encode()).digest()
    value = (UUID(identifier).int >> 64) << 64 | int.from_bytes(digest[:8])
    value = value & ~(0xFFF << 64) | int.from_bytes(digest[8:10]) >> 4 << 64
    value = value & ~(0b11 << 62) | 0b10 << 62
    return str(UUID(int=value))


def canonical(text: str) -> str:
    """Take any UUID in its canonical form, in whatever case (RFC 9562 section 4): one that is not ours is nobody's.

    Raises:
        ValueError: for other text, saying what is wanted.
    """
    try:
        if len(text) == CANONICAL_LENGTH:
            return str(UUID(text))
    except ValueError:
        pass  # said below
    raise ValueError("must be a UUID, like 01890a5d-ac96-774b-bcce-b302099a8057")


def etag(identifier: str, version: int) -> str:
    """Name a version of a thing. The id keeps apart what one address shows to several callers (`/v1/users/me`)."""
    return f"{identifier}-{version}"


def now() -> str:
    """Tell the present instant as RFC 3339 UTC text with microseconds and `Z`, so that text order is time order."""
    return stamp(datetime.now(UTC))


def stamp(instant: datetime) -> str:
    """Write an aware instant in the form of `now`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def epoch_in(seconds: int) -> int:
    """Tell the Unix time, in whole seconds, that lies so many seconds ahead: the form of a DynamoDB TTL."""
    return int(time.time()) + seconds


def epoch_of(text: str) -> int:
    """Tell the Unix time, in whole seconds, of RFC 3339 text."""
    return int(datetime.fromisoformat(text).timestamp())


def ahead(seconds: float) -> str:
    """Tell the instant that lies so many seconds ahead, in the form of `now`."""
    return stamp(datetime.now(UTC) + timedelta(seconds=seconds))


def ago(seconds: int) -> str:
    """Tell the instant that lies so many seconds back, in the form of `now`."""
    return stamp(datetime.now(UTC) - timedelta(seconds=seconds))
