"""The names that `make resource` takes, and those that it refuses."""

import ast

import pytest

from scaffold.__main__ import Names, copied, plural, refusal


def test_names_of_several_words_are_words_in_prose_and_one_in_code() -> None:
    names = Names("order_line", "order_lines")
    written = names.apply(
        '"""Create a thing."""\ndef create_thing(): ...\nclass ThingItem: ...\n"Get a thing"\n"/v1/things"\n'
    )
    assert written == (
        '"""Create an order line."""\ndef create_order_line(): ...\nclass OrderLineItem: ...\n"Get an order line"\n'
        '"/v1/order-lines"\n'
    )
    assert names.apply("THING_READ things/create", python=False) == "ORDER_LINE_READ order_lines/create"
    assert [plural(name) for name in ("book", "category", "day", "box")] == ["books", "categories", "days", "boxes"]


def test_every_file_of_a_resource_of_several_words_is_python() -> None:
    files = copied(Names("order_line", "order_lines"))
    assert len(files) > 10
    for path, text in files.items():
        ast.parse(text, str(path))
        assert "thing" not in text.lower().replace("nothing", ""), path


@pytest.mark.parametrize(
    ("one", "many", "reason"),
    [
        ("", "s", "NAME must be a singular noun"),
        ("Book", "Books", "NAME must be a singular noun"),
        ("sheep", "sheep", "PLURAL="),
        ("user", "users", "functions/users"),
        ("session", "sessions", "lamina/identity/items.py"),
        ("webhook_delivery", "webhook_deliveries", "lamina/webhooks/items.py"),
        ("type", "types", "standard library"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_reason(one: str, many: str, reason: str) -> None:
    assert reason in refusal(Names(one, many))
    assert refusal(Names("unused_name", "unused_names")) == ""
