"""Items are serialized as PynamoDB serializes them."""

from typing import Any

import pytest
from pynamodb.attributes import (
    Attribute,
    AttributeContainer,
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import AttributeNullError

from lamina import registry
from lamina.storage.item import Item

SAMPLES: dict[type[Attribute[Any]], Any] = {
    BinaryAttribute: b"\x00\xff",
    BooleanAttribute: False,
    JSONAttribute: {"name": ["Zoë", 1]},
    NumberAttribute: 0,
    UnicodeAttribute: "",
}
"""A value for each kind of attribute, false or empty if the kind has such a value."""


def item_of(kind: type[Item], *, is_full: bool) -> Item:
    """Return an item with a value for each attribute, or for each that it must have."""
    item = kind()
    for name, attribute in kind.get_attributes().items():
        sample = next((value for base, value in SAMPLES.items() if isinstance(attribute, base)), None)
        if sample is not None and (is_full or not attribute.null):
            setattr(item, name, sample)
    return item


@pytest.mark.parametrize("is_full", [True, False])
@pytest.mark.parametrize("kind", registry.ITEMS)
def test_an_item_is_serialized_as_pynamodb_does(kind: type[Item], is_full: bool) -> None:
    item = item_of(kind, is_full=is_full)
    serialized = item.serialize()
    assert serialized == AttributeContainer._container_serialize(item)
    assert serialized.keys() >= {"pk", "sk", "kind"}


def test_a_missing_attribute_is_refused_unless_the_caller_allows_it() -> None:
    item = item_of(registry.ITEMS[0], is_full=True)
    item.attribute_values.pop("pk")
    with pytest.raises(AttributeNullError, match="pk"):
        item.serialize()
    assert "pk" not in item.serialize(null_check=False)


def test_no_item_has_an_attribute_of_attributes() -> None:
    """PynamoDB serializes lists and typed maps with further checks, which items therefore do without."""
    attributes = [attribute for kind in registry.ITEMS for attribute in kind.get_attributes().values()]
    typed = [each for each in attributes if type(each) is not MapAttribute]
    assert {each.attr_type for each in typed} <= {"B", "BOOL", "N", "S"}
