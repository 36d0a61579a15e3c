"""Every item class of the table.

PynamoDB silently leaves out items whose class the process has not imported, so whoever reads items of several kinds
imports this module. It imports the whole domain, so that no class has to be listed.
"""

import importlib
import pkgutil
from collections.abc import Iterator

import lamina
from lamina.storage.item import Item


def _classes(base: type[Item]) -> Iterator[type[Item]]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith("lamina."):
            yield kind
        yield from _classes(kind)


for _module in pkgutil.walk_packages(lamina.__path__, "lamina."):
    importlib.import_module(_module.name)

ITEMS = tuple(sorted(_classes(Item), key=lambda kind: kind.__name__))
