"""What tests of the whole know of each resource: a module for each, found by its name alone.

A module may have these; `declared` collects them over all modules:

- `SCENARIOS`: takes each function (`folder/file`) down every path that calls AWS.
- `ALLOWED`: for each action, the roles that may do it to anybody's, and those that may do it to their own.
- `NOBODYS`: the kinds of items (discriminators) that belong to no user, and so stay when users are purged.
- `questions`: for each action, a request that asks for it, to be sent to a running stack.
- `store_sample`: stores what the sample events of the resource name.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any


def declared(name: str) -> Iterator[Any]:
    """Yield what the modules of this package have by a name."""
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        if hasattr(module, name):
            yield getattr(module, name)
