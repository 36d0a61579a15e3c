"""The OpenAPI document. Powertools describes the types of each app; this package adds the conventions of the API.

One document covers all handlers. It is written into the folder of the functions that serve it.
"""

import importlib
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge

from docs.build import ROOT, Refused
from docs.build.openapi import tidy
from docs.build.openapi.answers import GRAPHQL_ERROR, GRAPHQL_ERRORS, HEADERS, OAUTH_ERROR, Failures
from docs.build.openapi.endpoints import Endpoint, endpoints
from docs.build.openapi.operations import PARAMETERS, operation
from lamina.http.envelope import ErrorContent

type Json = dict[str, Any]

_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_GENERIC = re.compile(r'"(#/components/schemas/)?((?:List)?Envelope_\w+_)"')

VERSION = "0.1.0"
INFO: Json = {
    "contact": {"name": "The team that runs this API"},
    "license": {"name": "MIT", "identifier": "MIT"},
}
METHODS = ("get", "put", "post", "patch", "delete")
TAGS = {
    "auth": "Accounts and authentication.",
    "users": "Users: profile, role and status.",
    "api_keys": "API keys for programs that act for their owner, limited to scopes.",
    "oauth_clients": "OAuth 2.0 clients, which obtain tokens for themselves.",
    "reports": "Reports, written to a file by a job.",
    "jobs": "Background jobs: progress and result.",
    "webhooks": "Webhooks: signed HTTP requests on events. docs/webhooks.md explains how to verify them.",
    "graphql": "GraphQL over users, posts and products, in GraphQL's own format; see docs/graphql.md.",
    "oauth2": "OAuth 2.0 token endpoints and metadata, in the formats of the RFCs.",
    "gateway": "The API itself: health checks and documentation.",
}
"""Descriptions of the folders of `functions/` that serve requests, in the order of the page.

A folder that is not here comes after them, with the docstring of its package in `lamina` as its description.
"""
SUBJECTS = {
    "auth": "accounts",
    "api_keys": "API keys",
    "oauth_clients": "OAuth 2.0 clients",
    "graphql": "",
    "oauth2": "",
    "gateway": "",
}
"""Their names within a sentence, where these are not the folders' own; empty for those that only support the others."""
NAMES = {"graphql": "GraphQL", "oauth2": "OAuth 2.0", "gateway": "The API itself", "auth": "Accounts and sign-in"}
"""Their names as headings, where these are not their subjects."""
SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` that `POST /v1/auth/login` returns; it is valid for 15 minutes.",
    },
    "api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The `key` that `POST /v1/api-keys` returns; it is limited to its scopes.",
    },
    "client": {
        "type": "http",
        "scheme": "basic",
        "description": "The `client_id` and `client_secret` that `POST /v1/oauth-clients` returns.",
    },
}


def files() -> dict[Path, str]:
    """Return the document as JSON, one line per value so that diffs are readable."""
    text = json.dumps(document(), ensure_ascii=False, indent=1) + "\n"
    # Patterns contain unassigned characters beyond U+FFFF, which editors cannot display.
    text = _BEYOND.sub(lambda found: json.dumps(found[0])[1:-1], text)
    return {ROOT / "functions" / "gateway" / "openapi.json": text}


def document() -> Json:
    """Return the document.

    Raises:
        OpenAPIMergeError: if two handlers serve the same method of the same path.
        Refused: if a folder of handlers is missing in `TAGS` or `SUBJECTS`, an error has no example, or two schemas
            of one name differ.
    """
    known = list(endpoints())
    drafted = draft(known)
    failures = Failures()
    paths: Json = {}
    for endpoint in known:
        at, method = endpoint.path, endpoint.method.lower()
        paths.setdefault(at, {})[method] = operation(endpoint, drafted["paths"][at][method], failures)
    described = drafted["components"]["schemas"] | _errors() | failures.schemas
    schemas = {name: tidy.schema(found) for name, found in described.items()}
    _forget_defaults(paths, schemas)
    answers = dict(sorted(failures.components.items()))
    return {
        "openapi": "3.1.0",
        "info": {**drafted["info"], **INFO},
        "servers": drafted["servers"],
        "security": [{"bearer": []}, {"api_key": []}],
        "tags": [
            {
                "name": folder,
                "description": description_of(folder),
                "x-displayName": NAMES.get(folder) or _capitalized(_subject(folder)),
            }
            for folder in _folders(known)
        ],
        "paths": {at: {m: item[m] for m in METHODS if m in item} for at, item in sorted(paths.items())},
        "components": {
            "schemas": tidy.used(schemas, {"paths": paths, "responses": answers}),
            "responses": answers,
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def description_of(folder: str) -> str:
    """Return what a folder of `functions/` is about; `""` if nothing says so."""
    if folder in TAGS or not find_spec(f"lamina.{folder}"):
        return TAGS.get(folder, "")
    return (importlib.import_module(f"lamina.{folder}").__doc__ or "").strip()


def _subjects(folders: list[str]) -> str:
    """Return what the API is about as the beginning of a sentence: "Users, API keys and jobs"."""
    *others, last = filter(None, map(_subject, folders))
    return _capitalized(f"{', '.join(others)} and {last}")


def _subject(folder: str) -> str:
    return SUBJECTS.get(folder, folder.replace("_", " "))


def _capitalized(text: str) -> str:
    return text[0].upper() + text[1:]


def draft(known: list[Endpoint]) -> Json:
    """Return the document that Powertools makes of these endpoints.

    Raises:
        Refused: if two schemas of one name differ.
    """
    about = Path(__file__).with_name("about.md").read_text(encoding="utf-8")
    about = about.replace("{subjects}", _subjects(_folders(known)))
    merge = OpenAPIMerge(title="Lamina", version=VERSION, description=about, on_conflict="error")
    found: Json = {}
    for endpoint in known:
        drafted = json.loads(_GENERIC.sub(_renamed, endpoint.app.get_openapi_json_schema()))
        # Schemas are named after their types, and merging keeps one of each name.
        for name, schema in drafted["components"]["schemas"].items():
            if found.setdefault(name, schema) != schema:
                raise Refused(f"two schemas named {name} differ; {endpoint.path} has one of them: rename its type")
        merge.add_schema(drafted)
    return merge.get_openapi_schema()


def _renamed(found: re.Match[str]) -> str:
    return f'"{found[1] or ""}{tidy.named(found[2])}"'


def _errors() -> Json:
    found = ErrorContent.model_json_schema(ref_template="#/components/schemas/{model}")
    return {
        **found.pop("$defs"),
        "ErrorContent": found,
        "OAuthError": OAUTH_ERROR,
        "GraphqlError": GRAPHQL_ERROR,
        "GraphqlErrors": GRAPHQL_ERRORS,
    }


def _folders(known: list[Endpoint]) -> list[str]:
    """Return the folders that have endpoints, in the order of `TAGS`, then those described by their packages."""
    found = {endpoint.folder for endpoint in known}
    if missing := [folder for folder in sorted(found) if not description_of(folder)]:
        raise Refused(f"TAGS in docs/build/openapi/__init__.py lacks a line for {', '.join(missing)}")
    return [folder for folder in [*TAGS, *sorted(found - TAGS.keys())] if folder in found]


def _forget_defaults(paths: Json, schemas: Json) -> None:
    """Remove defaults from the bodies of PATCH, where omitted fields are kept."""
    for item in paths.values():
        for media in item.get("patch", {}).get("requestBody", {}).get("content", {}).values():
            for described in schemas[media["schema"]["$ref"].rpartition("/")[2]]["properties"].values():
                described.pop("default", None)
