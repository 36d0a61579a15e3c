"""The migrations of the project: the modules `migrations/NNNN_name.py`, in the order of their numbers.

A module has the kind of items that it changes (`KIND`), the version of their schema that it leads to (`VERSION`), and
two functions that each return the attributes to set of one item, None for those to remove: `forward` from the version
before, and `back` to it. It imports nothing of the project, because it describes items as they were at its time.
"""

import importlib.util
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
NAME = re.compile(r"\d{4}_[a-z][a-z0-9_]*")
FIRST_VERSION = 1

type Change = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Returns the attributes of an item to set, by name; None removes one."""


class Direction(StrEnum):
    """To the new version of the schema, or back to the old one."""

    FORWARD = "forward"
    BACK = "back"


class InvalidMigration(Exception):
    """A module is no migration, or does not continue the ones before; the message names it."""


@dataclass(frozen=True)
class Migration:
    """A migration.

    Attributes:
        name: name of its module.
        summary: first line of its docstring.
        kind: of the items that it changes (`Item.kind`).
        version: of their schema, after it.
        forward: changes an item of the version before.
        back: changes an item of its version back.
    """

    name: str
    summary: str
    kind: str
    version: int
    forward: Change
    back: Change

    def versions(self, direction: Direction) -> tuple[int, int]:
        """Return the version of the items to change, and their version afterwards."""
        before = self.version - 1
        return (before, self.version) if direction is Direction.FORWARD else (self.version, before)

    def change(self, direction: Direction, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the attributes of an item to set, None for those to remove."""
        return (self.forward if direction is Direction.FORWARD else self.back)(item)


def load(folder: Path = FOLDER) -> list[Migration]:
    """Return all migrations in order.

    Raises:
        InvalidMigration: if a module is no migration, or skips a version.
    """
    found = [_load(path) for path in sorted(folder.glob("[0-9]*.py"))]
    _check_order(found)
    return found


def latest_versions(migrations: Sequence[Migration]) -> dict[str, int]:
    """Return the version that the items of each kind have after all migrations; 1 for all other kinds."""
    return {migration.kind: migration.version for migration in migrations}


def _load(path: Path) -> Migration:
    if not NAME.fullmatch(path.stem):
        raise InvalidMigration(f"{path.name}: the name of a migration is NNNN_name.py")
    spec = importlib.util.spec_from_file_location(f"migrations.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InvalidMigration(f"{path.name} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    missing = [name for name in ("KIND", "VERSION", "forward", "back") if not hasattr(module, name)]
    if missing or not module.__doc__:
        raise InvalidMigration(f"{path.name}: {', '.join(missing) or 'a docstring'} is missing")
    summary = module.__doc__.strip().partition("\n")[0]
    return Migration(path.stem, summary, module.KIND, module.VERSION, module.forward, module.back)


def _check_order(migrations: Sequence[Migration]) -> None:
    versions: dict[str, int] = {}
    numbers: dict[str, str] = {}
    for migration in migrations:
        number = migration.name[:4]
        if number in numbers:
            raise InvalidMigration(f"{migration.name}: {numbers[number]} has the same number")
        numbers[number] = migration.name
        expected = versions.get(migration.kind, FIRST_VERSION) + 1
        if migration.version != expected:
            raise InvalidMigration(f"{migration.name}: VERSION must be {expected}, the next one of {migration.kind!r}")
        versions[migration.kind] = expected
