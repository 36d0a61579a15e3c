"""A collection for Bruno: a request for each operation of the document, with its example."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

type Json = dict[str, Any]

NAME = "Lamina"
COLLECTION = {"version": "1", "name": NAME, "type": "collection", "ignore": []}
SIGN_IN = "auth.login"
KEEP_TOKENS = """
script:post-response {
  if (res.status === 200) {
    bru.setEnvVar("token", res.body.data.access_token);
    bru.setEnvVar("refresh_token", res.body.data.refresh_token);
  }
}
"""
ENVIRONMENT = """\
vars {
  base_url: http://127.0.0.1:3000
}
vars:secret [
  token,
  refresh_token
]
"""


def write(document: Json, folder: Path) -> int:
    """Write the collection into a folder, and return the number of its requests."""
    (folder / "environments").mkdir(parents=True)
    (folder / "environments" / "local.bru").write_text(ENVIRONMENT, encoding="utf-8")
    (folder / "bruno.json").write_text(json.dumps(COLLECTION, indent=2) + "\n", encoding="utf-8")
    titles = {tag["name"]: tag["x-displayName"] for tag in document["tags"]}
    requests = list(_requests(document))
    for number, (operation, text) in enumerate(requests, start=1):
        target = folder / titles[operation["tags"][0]] / f"{operation['operationId'].partition('.')[2]}.bru"
        target.parent.mkdir(exist_ok=True)
        target.write_text(text.replace("seq: 0", f"seq: {number}"), encoding="utf-8")
    return len(requests)


def _requests(document: Json) -> Iterator[tuple[Json, str]]:
    known: dict[str, Json] = document["components"]["parameters"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            parameters: list[Json] = [
                known[parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
                for parameter in operation.get("parameters", [])
            ]
            yield operation, "\n".join(_blocks(path, method, operation, parameters, document))


def _blocks(path: str, method: str, operation: Json, parameters: list[Json], document: Json) -> Iterator[str]:
    kind, body = _body(operation)
    ways: list[Json] = operation["security"] if "security" in operation else document["security"]
    needs_token = any("bearer" in way for way in ways)
    auth = "bearer" if needs_token else "none"
    url = "{{base_url}}" + re.sub(r"\{(\w+)\}", r":\1", path)
    yield f"meta {{\n  name: {operation['summary']}\n  type: http\n  seq: 0\n}}\n"
    yield f"{method} {{\n  url: {url}\n  body: {kind}\n  auth: {auth}\n}}\n"
    if in_path := [one for one in parameters if one["in"] == "path"]:
        yield _lines("params:path", [(one["name"], str(one.get("example", ""))) for one in in_path])
    # A tilde switches a line off.
    if in_query := [one for one in parameters if one["in"] == "query"]:
        yield _lines("params:query", [(f"~{one['name']}", "") for one in in_query])
    if any(one["name"] == "Idempotency-Key" for one in parameters):
        yield _lines("headers", [("Idempotency-Key", "{{$guid}}")])
    if needs_token:
        yield _lines("auth:bearer", [("token", "{{token}}")])
    if body:
        yield f"body:{kind} {{\n{body}\n}}\n"
    if operation["operationId"] == SIGN_IN:
        yield KEEP_TOKENS.lstrip()


def _body(operation: Json) -> tuple[str, str]:
    """Return the kind of the body in Bruno's words, and its text."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        example = json.dumps(content["application/json"].get("example", {}), indent=2, ensure_ascii=False)
        return "json", re.sub("^", "  ", example, flags=re.MULTILINE)
    for media_type, media in content.items():
        if media_type == "application/x-www-form-urlencoded":
            required = media["schema"].get("required", [])
            return "formUrlEncoded", "\n".join(f"  {name}: " for name in required)
    return "none", ""


def _lines(block: str, pairs: list[tuple[str, str]]) -> str:
    lines = "\n".join(f"  {name}: {value}" for name, value in pairs)
    return f"{block} {{\n{lines}\n}}\n"
