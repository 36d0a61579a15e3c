"""A thing, as the domain sees it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class NewThing:
    """The fields of a thing that callers set.

    Attributes:
        name: what it is called.
    """

    name: str


@dataclass(frozen=True, kw_only=True)
class Thing(NewThing):
    """A thing at one version.

    Attributes:
        id: UUIDv7.
        version: counts changes from 1; 0 before the first save.
        created_at: RFC 3339 UTC.
        updated_at: RFC 3339 UTC.
        created_by: id of the user who created it.
    """

    id: str
    version: int = 0
    created_at: str
    updated_at: str
    created_by: str | None
