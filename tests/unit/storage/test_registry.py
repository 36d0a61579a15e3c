"""The registry of item classes knows them all."""

import ast

from lamina import registry
from lamina.storage.item import Item
from tests.support.templates import ROOT


def written() -> set[str]:
    """The classes that the code writes with a discriminator."""
    return {
        node.name
        for path in ROOT.glob("layers/core/lamina/**/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and any(keyword.arg == "discriminator" for keyword in node.keywords)
    }


def test_every_item_class_of_the_layer_is_found() -> None:
    assert {kind.__name__ for kind in registry.ITEMS} == written()


def test_every_item_class_has_a_name_of_its_own_in_the_table() -> None:
    names = [Item.kind.get_discriminator(kind) for kind in registry.ITEMS]
    assert None not in names
    assert len(set(names)) == len(names)
