"""The committed OpenAPI document, as tests hold answers against it."""

import json
from typing import Any

from jsonschema_rs import Draft202012Validator

from lamina.http.headers import SECURITY
from tests.support.templates import ROOT

DOCUMENT: dict[str, Any] = json.loads((ROOT / "functions" / "gateway" / "openapi.json").read_bytes())

EVERYWHERE = {"Content-Type", "Vary", *SECURITY}
"""Headers of every answer that the document describes once, in words."""


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation with its method, in small letters, and its path."""
    return [(method, path, found) for path, item in DOCUMENT["paths"].items() for method, found in item.items()]


def is_public(operation: dict[str, Any]) -> bool:
    """Whether an operation answers callers that nobody knows, and those whom its own form makes known."""
    ways = operation.get("security", DOCUMENT["security"])
    return {} in ways or not any("bearer" in way for way in ways)


def operation(method: str, path: str) -> dict[str, Any]:
    """One operation; fails where there is none."""
    described: dict[str, Any] | None = DOCUMENT["paths"].get(path, {}).get(method.lower())
    if described is None:
        raise LookupError(f"{method} {path} is not in functions/gateway/openapi.json: run `make docs`.")
    return described


def response(method: str, path: str, status: int) -> dict[str, Any]:
    """What the document says of one answer; fails where it says nothing."""
    described = operation(method, path)["responses"]
    assert str(status) in described, f"{method} {path} answers {status}, which is not documented"
    return resolved(described[str(status)])


def resolved(found: dict[str, Any]) -> dict[str, Any]:
    """What is meant: the component, where there is only a reference to it."""
    if "$ref" not in found:
        return found
    _, _, kind, name = found["$ref"].split("/")
    component: dict[str, Any] = DOCUMENT["components"][kind][name]
    return component


def problems(method: str, path: str, status: int, headers: dict[str, str], body: bytes) -> list[str]:
    """What is wrong with an answer by the document: its status, headers, media type and body."""
    described = response(method, path, status)
    missing = [
        f"lacks {name}"
        for name, header in described["headers"].items()
        if resolved(header).get("required") and name not in headers
    ]
    undocumented = [
        f"has {name}, which is not documented" for name in headers.keys() - described["headers"].keys() - EVERYWHERE
    ]
    return [*missing, *undocumented, *_body_problems(described.get("content"), headers.get("Content-Type", ""), body)]


def _body_problems(content: dict[str, Any] | None, content_type: str, body: bytes) -> list[str]:
    if content is None:
        return [f"has a body of {content_type}"] if body or content_type else []
    media_type = content_type.partition(";")[0]
    if media_type not in content:
        return [f"is {media_type}, not one of {list(content)}"]
    if media_type != "application/json":
        return []
    schema = {**content[media_type]["schema"], "components": DOCUMENT["components"]}
    validator = Draft202012Validator(schema, validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(json.loads(body))]
