"""Tables of any size, as files that dynoxide imports.

A thousand users are those of the tests, with all that belongs to them. The others are copies of a few hundred that the
services' own code has laid out, with their id, name and instant put in as text: a million in less than a minute. All
of them stand in the lists by creation; every tenth has guards and search entries too, which triple the table.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from lamina.access.policy import Role
from lamina.storage.keys import list_position, shard_of
from lamina.users.model import Status, User
from tests.integration.engines import export_line, write_export
from tests.integration.population import LAST, raw_items, users

WHOLE = 1000
"""Number of users that are created like those of the tests."""
COMPLETE = 10
"""One of this many other users has all of its items."""
FIRST_INSTANT = datetime(2024, 1, 1, tzinfo=UTC)
"""Long before those of the tests' users, so that the copies are at the end of a list sorted newest first."""
ROLES = [Role.ADMIN, *[Role.EDITOR] * 9, *[Role.VIEWER] * 90]
STATUSES = [*[Status.ACTIVE] * 9, Status.INACTIVE]

type Kind = tuple[Role, Status, str, int]


def export(table: dict[str, Any], number: int, folder: Path) -> None:
    """Write this number of users as a DynamoDB export, and its schema."""
    created = map(export_line, raw_items(users(WHOLE)))
    write_export(table, chain(created, _copies(number - WHOLE)), folder)


def position_of(place: int, number: int) -> str:
    """Return the position of a user in the list by creation, newest first, of a table with this number of users.

    Args:
        place: its place in the list, from 1, past the thousand users of the tests.
        number: of users in the table.
    """
    index = number - place
    return list_position(_instant(index), _identifier(index))


def _copies(number: int) -> Iterator[str]:
    """Yield the lines of this number of copies."""
    patterns: dict[Kind, tuple[str, str]] = {}
    for index in range(number):
        identifier = _identifier(index)
        kind = (ROLES[index % 100], STATUSES[index // 7 % 10], LAST[index // 3 % len(LAST)], shard_of(identifier))
        if kind not in patterns:
            patterns[kind] = _pattern(kind)
        text = patterns[kind][index % COMPLETE == 0]
        text = text.replace(_identifier(_stand_in(kind[3])), identifier)
        yield text.replace(_handle(0), _handle(index)).replace(_instant(0), _instant(index))


def _pattern(kind: Kind) -> tuple[str, str]:
    """Return the lines of a user of a kind: of the user alone, and of everything that belongs to it."""
    role, status, last, shard = kind
    user = User(
        id=_identifier(_stand_in(shard)),
        email=f"{_handle(0)}@example.com",
        username=_handle(0),
        name=f"Ann {last}",
        role=role,
        status=status,
        created_at=_instant(0),
        updated_at=_instant(0),
        version=1,
    )
    items = [item for item in raw_items([user]) if not item["pk"]["S"].startswith("COUNTER#")]
    return export_line(items[0]), "".join(map(export_line, items))


def _stand_in(shard: int) -> int:
    """Return a number beyond all users whose id is in a shard."""
    return next(index for index in range(10**9, 10**9 + 1000) if shard_of(_identifier(index)) == shard)


def _identifier(index: int) -> str:
    return f"0190c6c1-0000-7000-8000-{index:012x}"


def _handle(index: int) -> str:
    return f"copy{index:07}"


def _instant(index: int) -> str:
    return (FIRST_INSTANT + timedelta(seconds=index)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
