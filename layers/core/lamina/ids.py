"""Identifiers, timestamps and entity tags in the formats used by the whole system."""

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
"""An id in a response."""
type Instant = Annotated[
    str, Field(examples=["2026-11-20T09:30:00.000000Z"], json_schema_extra={"format": "date-time"})
]
"""A timestamp in a response."""

type Href = Annotated[str, Field(examples=["/v1/users/me"], json_schema_extra={"format": "uri-reference"})]
"""The path of a resource, relative to the host of the API, in a response."""

CANONICAL_LENGTH = 36
ETERNITY = "9999-12-31T23:59:59.999999Z"
"""Sorts after every timestamp."""


def new_id() -> str:
    """Return a new UUIDv7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then 74 bits.

    The 12 bits after the milliseconds are a fraction of a millisecond (RFC 9562 section 6.2, method 3), so that ids
    that a process creates one after the other are in order; 62 bits are random.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    random = int.from_bytes(os.urandom(8))
    value = milliseconds << 80 | 7 << 76 | (nanoseconds << 12) // 1_000_000 << 64 | random
    value = value & ~(0b11 << 62) | 0b10 << 62
    return str(UUID(int=value))


def first_id(instant: str) -> str:
    """Return text that sorts before the UUIDv7s of an instant (RFC 3339) and of later ones, and after all others."""
    milliseconds = int(datetime.fromisoformat(instant).timestamp() * 1000)
    digits = f"{milliseconds:012x}"
    return f"{digits[:8]}-{digits[8:]}"


def derived_id(identifier: str, *of: str) -> str:
    """Return the UUIDv7 that is derived from an id and further values; it has the same timestamp as the id."""
    digest = hashlib.sha256("\n".join((identifier, *of)).encode()).digest()
    value = (UUID(identifier).int >> 64) << 64 | int.from_bytes(digest[:8])
    value = value & ~(0xFFF << 64) | int.from_bytes(digest[8:10]) >> 4 << 64
    value = value & ~(0b11 << 62) | 0b10 << 62
    return str(UUID(int=value))


def canonical(text: str) -> str:
    """Return a UUID of any version and case in canonical form (RFC 9562 section 4).

    Raises:
        ValueError: if the text is not a UUID; the message describes the expected format.
    """
    try:
        if len(text) == CANONICAL_LENGTH:
            return str(UUID(text))
    except ValueError:
        pass  # reported below
    raise ValueError("must be a UUID, like 01890a5d-ac96-774b-bcce-b302099a8057")


def etag(identifier: str, version: int) -> str:
    """Return an entity tag. It contains the id, because one path may return different resources (`/v1/users/me`)."""
    return f"{identifier}-{version}"


def state_of(representation: str) -> str:
    """Return a short digest of a representation, for entity tags that must not reveal what else has changed."""
    return hashlib.sha256(representation.encode()).hexdigest()[:16]


def now() -> str:
    """Return the current time as RFC 3339 text in UTC with microseconds and `Z`. Text order equals time order."""
    return stamp(datetime.now(UTC))


def stamp(instant: datetime) -> str:
    """Return an aware datetime in the format of `now`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def epoch_in(seconds: int) -> int:
    """Return the Unix time in whole seconds, `seconds` from now: the format of a DynamoDB TTL."""
    return int(time.time()) + seconds


def epoch_of(text: str) -> int:
    """Return the Unix time, in whole seconds, of RFC 3339 text."""
    return int(datetime.fromisoformat(text).timestamp())


def ahead(seconds: float) -> str:
    """Return the time `seconds` from now, in the format of `now`."""
    return stamp(datetime.now(UTC) + timedelta(seconds=seconds))


def ago(seconds: int) -> str:
    """Return the time `seconds` ago, in the format of `now`."""
    return stamp(datetime.now(UTC) - timedelta(seconds=seconds))
