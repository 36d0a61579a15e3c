"""What the catalogue and the committed schemas say of events that code has raised."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from tests.support.templates import ROOT

SCHEMAS = ROOT / "docs" / "events"


def problems(event: Mapping[str, Any]) -> list[str]:
    """What is wrong with an event by its schema, which leaves open what may be added, and so what nobody declared."""
    name = f"{event['type']}.v{event['version']}"
    validator, known = _schema(name)
    undeclared = sorted(event["data"].keys() - known)
    found = [f"{name} {error.instance_path}: {error.message}" for error in validator.iter_errors(event)]
    return found + [f"{name} has data.{field}, which is not declared" for field in undeclared]


@cache
def _schema(name: str) -> tuple[Draft202012Validator, set[str]]:
    schema = json.loads((SCHEMAS / f"{name}.json").read_bytes())
    return Draft202012Validator(schema, validate_formats=True), set(schema["properties"]["data"].get("properties", {}))
