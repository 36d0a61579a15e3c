"""The registry of item classes knows them all."""

from collections.abc import Iterator

from lamina import registry
from lamina.storage.item import Item


def classes_below(kind: type[Item]) -> Iterator[type[Item]]:
    for below in kind.__subclasses__():
        yield below
        yield from classes_below(below)


def test_every_item_class_of_the_layer_is_registered() -> None:
    defined = {kind for kind in classes_below(Item) if kind.__module__.startswith("lamina.")}
    assert set(registry.ITEMS) == defined


def test_every_item_class_has_a_name_of_its_own_in_the_table() -> None:
    names = [Item.kind.get_discriminator(kind) for kind in registry.ITEMS]
    assert None not in names
    assert len(set(names)) == len(names)
