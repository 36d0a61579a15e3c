"""Generates the generated files of this repository: `python -m docs.build [name …]`, all of them without a name.

A generator is a module with the function of `Generator`; adding one means adding a line to `GENERATORS`.
"""

import importlib
import os
import sys
from pathlib import Path
from typing import Protocol, cast

ROOT = Path(__file__).resolve().parents[2]

GENERATORS = {
    "currencies": "docs.build.currencies",
    "openapi": "docs.build.openapi",
    "permissions": "docs.build.permissions",
    "events": "docs.build.events",
    "slo": "docs.build.slo",
    "cost": "bench.cost.page",
    "access-patterns": "docs.build.access_patterns",
    "order-saga": "docs.build.order_saga",
    "entities": "docs.build.entities",
    "reference": "docs.build.reference",
}
"""The generators by name, as modules: one that needs more than another is imported alone."""

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "LAMINA_TABLE": "lamina",
    "LAMINA_PUBLIC_URL": "https://api.example.com",
    "LAMINA_SIGNING_KEYS": "none",
    "LAMINA_CURSOR_SECRET": "none",
    "LAMINA_SECRETS_KEY": "none",
}
"""What the code asks for when it is imported; nothing that is generated depends on it."""


class Refused(Exception):
    """What the code says must not be written; the message says why, and what to do."""


class Generator(Protocol):
    """What makes files."""

    def files(self) -> dict[Path, str]:
        """Return the content of each file, or raise `Refused`."""


def generator(name: str) -> Generator:
    """Import a generator, in an environment in which the code can be imported."""
    for variable, value in SETTINGS.items():
        os.environ.setdefault(variable, value)
    if (core := str(ROOT / "layers" / "core")) not in sys.path:
        sys.path.insert(0, core)
    return cast("Generator", importlib.import_module(GENERATORS[name]))
