"""`docs/entities.md`: the entity chart of the table, drawn from the item classes."""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from docs.build import ROOT
from lamina.registry import ITEMS
from lamina.storage.item import Item

INTRODUCTION = """\
# Entity chart

<!-- Made by `make docs` from the item classes; do not edit. -->

Every kind of item of the table: its keys (`pk` / `sk`), what it is, and its own attributes. Each item also has a
discriminator, a schema version, a version for optimistic locking, and audit fields.
[One table](decisions/single-table.md) explains the design, and [access patterns](access-patterns.md) lists what each
call reads.

The chart shows which items are in the partition of another one, and which name another one by its id.

"""
REFERENCES = {
    "user_id": "UserItem",
    "owner_id": "UserItem",
    "author_id": "UserItem",
    "customer_id": "UserItem",
    "post_id": "PostItem",
    "product_id": "ProductItem",
    "order_id": "OrderItem",
    "webhook_id": "WebhookItem",
    "job_id": "JobItem",
    "session_id": "SessionItem",
}
"""Attributes that hold the id of another item, and its class."""
PARTITIONS = {
    "USER": "UserItem",
    "CUSTOMER": "UserItem",
    "ACTIVITY": "UserItem",
    "POST": "PostItem",
    "PRODUCT": "ProductItem",
    "ORDER": "OrderItem",
    "WEBHOOK": "WebhookItem",
    "JOB": "JobItem",
}
"""Kinds of partitions, and whose they are."""


def files() -> dict[Path, str]:
    """Return the page."""
    kinds = sorted(ITEMS, key=lambda kind: (subject(kind), kind.__name__))
    parts = [INTRODUCTION, chart(kinds)]
    for name, members in groupby(kinds, key=subject):
        parts += [f"\n## {name.replace('_', ' ').capitalize()}\n\n", "| item | keys and meaning | attributes |\n"]
        parts += ["| --- | --- | --- |\n", *map(row, members)]
    return {ROOT / "docs" / "entities.md": "".join(parts)}


def subject(kind: type[Item]) -> str:
    """Return the package of `lamina` that a class belongs to."""
    return kind.__module__.split(".")[1]


def own_attributes(kind: type[Item]) -> list[str]:
    """Return the attributes that a class declares, in their order."""
    inherited = Item.get_attributes().keys()
    return [name for name in kind.get_attributes() if name not in inherited]


def chart(kinds: list[type[Item]]) -> str:
    """Return a Mermaid diagram of the references between items."""
    lines = [f"  {line}\n" for kind in kinds for line in references(kind)]
    return "".join(["```mermaid\nerDiagram\n", *dict.fromkeys(lines), "```\n"])


def references(kind: type[Item]) -> Iterator[str]:
    """Yield a line of the diagram for each reference of a class, and for the partition that its items are in."""
    names = {known.__name__ for known in ITEMS}
    partition = re.search(r"`([A-Z]+)#<", kind.__doc__ or "")
    owner = PARTITIONS.get(partition[1]) if partition else None
    if owner in names and owner != kind.__name__:
        yield f'{owner} ||--o{{ {kind.__name__} : "in its partition"'
    for attribute in own_attributes(kind):
        target = REFERENCES.get(attribute)
        if target in names and target != kind.__name__:
            yield f"{target} ||--o{{ {kind.__name__} : {attribute}"


def row(kind: type[Item]) -> str:
    """Return the row of a class: its docstring begins with what it is and its keys."""
    meaning = re.split(r"\n\s*(?:Attributes|Args):", kind.__doc__ or "")[0].split("\n\n")[0]
    attributes = ", ".join(f"`{name}`" for name in own_attributes(kind))
    text = " ".join(meaning.split()).replace("|", "\\|")
    return f"| `{kind.__name__}` | {text} | {attributes} |\n"
