"""`docs/events/`: a JSON Schema of every version of every event, as the bus carries it, and the list of them."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from docs.build import ROOT, Refused
from docs.build.events.compatibility import Json, differences
from lamina.events.catalog import CATALOG
from lamina.events.envelope import Envelope
from lamina.events.event_type import EventType

FOLDER = ROOT / "docs" / "events"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

INTRODUCTION = """\
# Events

<!-- Made by `make docs` from lamina.events.catalog; do not edit. -->

Every event that is published on EventBridge, with the [JSON Schema][dialect] of its envelope. The source of an event is
`lamina`, and its detail type is the event type. [How events flow](../events.md) describes the delivery guarantees.

A version may gain optional data, so ignore fields that you do not know. Any other change is a new version, with a
schema beside the old one.

[dialect]: https://json-schema.org/draft/2020-12

| type | version | subject | meaning | data |
| --- | ---: | --- | --- | --- |
"""


def files() -> dict[Path, str]:
    """Return the schemas and their list.

    Raises:
        Refused: when a schema that stands in the folder would be broken.
    """
    if broken := [sentence for declared in CATALOG.values() for sentence in breaches(declared)]:
        raise Refused("\n".join(broken))
    made = {path_of(declared): text_of(declared) for declared in CATALOG.values()}
    return made | {FOLDER / "README.md": INTRODUCTION + "".join(_row(CATALOG[name]) for name in sorted(CATALOG))}


def path_of(declared: EventType[Any]) -> Path:
    """Return the path of the schema of an event."""
    return FOLDER / f"{declared.name}.v{declared.version}.json"


def text_of(declared: EventType[Any]) -> str:
    """Return the schema of an event as text."""
    return json.dumps(schema_of(declared), ensure_ascii=False, indent=2) + "\n"


def schema_of(declared: EventType[Any]) -> Json:
    """Compose the schema of an event in its envelope. It is open: what is added later does not make it fail."""
    schema = _plain(TypeAdapter(Envelope).json_schema())
    schema["properties"] |= {
        "type": {"const": declared.name},
        "version": {"const": declared.version},
        "data": _plain(TypeAdapter(declared.data).json_schema()),
    }
    about = {"title": f"{declared.name}, version {declared.version}", "description": declared.meaning}
    return {"$schema": DIALECT, **about, **{key: schema[key] for key in ("type", "properties", "required")}}


def breaches(declared: EventType[Any], folder: Path = FOLDER) -> list[str]:
    """Return how the code breaks the promises of the existing schema of an event, as sentences."""
    path = folder / path_of(declared).name
    if not path.exists():
        return []
    found = differences(json.loads(path.read_text(encoding="utf-8")), schema_of(declared))
    return [
        f"{declared.name} version {declared.version}: {difference}. Consumers rely on this version: leave it as it is "
        f"and declare version {declared.version + 1} beside it."
        for difference in found
    ]


def _plain(schema: Json) -> Json:
    """Replace references by their definitions, and remove titles that only repeat a name."""
    definitions = schema.pop("$defs", {})

    def plain(found: Any) -> Any:  # noqa: ANN401 (whatever JSON holds)
        if isinstance(found, list):
            return [plain(inner) for inner in found]
        if not isinstance(found, dict):
            return found
        if "$ref" in found:
            name = found["$ref"].removeprefix("#/$defs/")
            return plain(definitions[name] | {key: value for key, value in found.items() if key != "$ref"})
        return {key: plain(value) for key, value in found.items() if not (key == "title" and isinstance(value, str))}

    made: Json = plain(schema)
    return made | ({"description": " ".join(made["description"].split())} if "description" in made else {})


def _row(declared: EventType[Any]) -> str:
    data = schema_of(declared)["properties"]["data"].get("properties", {})
    link = f"[`{declared.name}`]({path_of(declared).name})"
    fields = ", ".join(f"`{field}`" for field in data)
    return f"| {link} | {declared.version} | {declared.subject} | {declared.meaning} | {fields} |\n"
