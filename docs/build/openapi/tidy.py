"""Simplifies the schemas of Powertools and Pydantic."""

import re
from collections.abc import Iterator
from typing import Any

type Json = dict[str, Any]

RENAMED = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""Bounds that stand behind a validator: Pydantic leaves them under its own names."""
_LINKS = re.compile("_+[a-zA-Z]+Links?$")
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def schema(found: Json) -> Json:
    """Tidy one schema and all within it.

    Titles that only repeat a name go, whole numbers lose their `.0`, and a docstring's `Attributes:` become the
    descriptions of the properties.
    """
    tidied = {RENAMED.get(key, key): value for key, value in found.items() if key != "title"}
    for bound in BOUNDS:
        if bound in tidied and float(tidied[bound]).is_integer():
            tidied[bound] = int(tidied[bound])
    for key in ("items", "additionalProperties", "not"):
        if isinstance(tidied.get(key), dict):
            tidied[key] = schema(tidied[key])
    for key in ("anyOf", "allOf", "oneOf"):
        if key in tidied:
            tidied[key] = [schema(choice) for choice in tidied[key]]
    names = [_constant(value) for value in tidied.get("enum", [])]
    if names != tidied.get("enum", []):
        tidied["x-enum-varnames"] = names
    tidied |= {
        key: {name: schema(inner) for name, inner in tidied[key].items()} for key in ("properties",) if key in found
    }
    return _described(tidied)


def _constant(value: str) -> str:
    """Return a name for a value of an enumeration that generators of clients can use: `-created_at` descends."""
    name = re.sub(r"\W+", "_", value.removeprefix("-")).upper()
    return f"{name}_DESCENDING" if value.startswith("-") else name


def _described(found: Json) -> Json:
    text, _, attributes = found.get("description", "").partition("Attributes:")
    if text:
        found["description"] = " ".join(text.split())
    for _, name, meaning in re.findall(r"^( *)(\w+): (.+(?:\n\1 +.+)*)", attributes, re.MULTILINE):
        if name in found.get("properties", {}):
            found["properties"][name] = {"description": _sentence(meaning), **found["properties"][name]}
    return found


def _sentence(text: str) -> str:
    flat = " ".join(text.split())
    return flat[0].upper() + flat[1:]


def parameter(found: Json) -> Json:
    """Tidy one parameter: a query cannot say null, and its description stands beside its schema."""
    described = schema(found["schema"])
    choices = [choice for choice in described.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        described = choices[0] | {key: value for key, value in described.items() if key not in ("anyOf", "description")}
    described.pop("description", None)
    return {
        "name": found["name"],
        "in": found["in"],
        "description": found.get("description", ""),
        "required": found["required"],
        "schema": described,
    }


def named(name: str) -> str:
    """Return a name for a schema of a generic class that client generators can use: `EnvelopeOfUserView`.

    The class of its links follows from that of its data.
    """
    outer, _, inner = _LINKS.sub("", name.rstrip("_")).partition("_")
    return f"{outer}Of{inner.removeprefix('Union_').replace('__', 'Or')}" if inner else name


def used(schemas: dict[str, Json], document: Json) -> dict[str, Json]:
    """Leave only the schemas that the rest of a document needs, by name."""
    needed: set[str] = set()
    fresh = set(_names(document))
    while fresh:
        needed |= fresh
        fresh = {name for known in fresh for name in _names(schemas[known])} - needed
    return {name: schemas[name] for name in sorted(needed)}


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref" and inner.startswith("#/components/schemas/"):
                yield inner.rpartition("/")[2]
            else:
                yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)
