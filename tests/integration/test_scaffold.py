"""`make resource` writes a resource that passes every check at once, and names why it cannot."""

from pathlib import Path

import pytest

from scaffold.__main__ import Names, plural, refusal
from tests.support.copies import copy_tree, run

WHOLE = (
    "tests/unit/identity/test_policy.py",
    "tests/unit/test_docs.py",
    "tests/unit/test_generated.py",
    "tests/unit/test_openapi.py",
    "tests/unit/test_registrations.py",
    "tests/unit/test_structure.py",
    "tests/unit/test_templates.py",
)
"""Tests of the whole that a resource can break by what it lacks."""
EACH = ("tests/unit/test_handlers.py", "tests/unit/test_roles.py")
"""Those that take each function by its name."""


@pytest.mark.parametrize(("one", "many", "path"), [("book", "books", "/v1/books")])
def test_a_new_resource_passes_the_checks_and_the_tests_at_once(tmp_path: Path, one: str, many: str, path: str) -> None:
    tree = copy_tree(tmp_path)
    run(tree, "python", "-m", "scaffold", one)
    assert f"Path: {path}" in (tree / "template.yaml").read_text(encoding="utf-8")
    for command in ("ruff format --check .", "ruff check .", "mypy", "lint-imports --no-logo", "cfn-lint"):
        run(tree, *command.split(), PYTHONPATH="layers/core")
    run(tree, "python", "-m", "pytest", "-q", f"tests/unit/{many}", *WHOLE)
    run(tree, "python", "-m", "pytest", "-q", *EACH, "-k", many)


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


@pytest.mark.parametrize(
    ("one", "many", "reason"),
    [
        ("", "s", "NAME is one thing"),
        ("Book", "Books", "NAME is one thing"),
        ("sheep", "sheep", "PLURAL="),
        ("user", "users", "functions/users"),
        ("session", "sessions", "lamina/identity/items.py"),
        ("webhook_delivery", "webhook_deliveries", "lamina/webhooks/items.py"),
        ("type", "types", "standard library"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_reason(one: str, many: str, reason: str) -> None:
    assert reason in refusal(Names(one, many))
    assert refusal(Names("book", "books")) == ""
