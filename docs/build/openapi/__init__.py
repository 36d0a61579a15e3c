"""The OpenAPI document: Powertools describes each app's types, this package adds the contract around them.

It is one document over all handlers, written where the functions that serve it are deployed from.
"""

import json
import re
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge

from docs.build import ROOT, Refused
from docs.build.openapi import tidy
from docs.build.openapi.answers import HEADERS, OAUTH_ERROR, Failures
from docs.build.openapi.endpoints import Endpoint, endpoints
from docs.build.openapi.operations import PARAMETERS, operation
from lamina.http.envelope import ErrorContent

type Json = dict[str, Any]

_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_GENERIC = re.compile(r'"(#/components/schemas/)?((?:List)?Envelope_\w+_)"')

VERSION = "0.1.0"
METHODS = ("get", "put", "post", "patch", "delete")
TAGS = {
    "auth": "Making an account, signing in and out.",
    "users": "People: their profile, role and status.",
    "api_keys": "Keys for programs that act for their owner, in a few scopes.",
    "oauth_clients": "Programs that get tokens for themselves.",
    "reports": "What is in the system, written to a file.",
    "jobs": "Work that goes on after the answer: how far it is, and its result.",
    "webhooks": "Endpoints that are told of what happens; how they check it is in docs/webhooks.md.",
    "oauth2": "Tokens for programs, and what other systems need to trust ours, in the RFCs' own forms.",
    "gateway": "The API itself: whether it is well, and how it is described.",
}
"""What the folders of `functions/` that serve requests are about, in the order of the page."""
SUBJECTS = {
    "auth": "accounts",
    "users": "users",
    "api_keys": "API keys",
    "oauth_clients": "OAuth 2.0 clients",
    "reports": "reports",
    "jobs": "jobs",
    "webhooks": "webhooks",
    "oauth2": "",
    "gateway": "",
}
"""What a sentence calls them; nothing for those that only serve the others."""
SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` that `POST /v1/auth/login` answers; it is good for 15 minutes.",
    },
    "api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The `key` that `POST /v1/api-keys` answers, good for its scopes.",
    },
    "client": {
        "type": "http",
        "scheme": "basic",
        "description": "The `client_id` and `client_secret` that `POST /v1/oauth-clients` answers.",
    },
}


def files() -> dict[Path, str]:
    """Give the document as JSON, a line for each value so that changes can be read."""
    text = json.dumps(document(), ensure_ascii=False, indent=1) + "\n"
    # Patterns hold characters beyond U+FFFF that are not assigned: no editor can show them.
    text = _BEYOND.sub(lambda found: json.dumps(found[0])[1:-1], text)
    return {ROOT / "functions" / "gateway" / "openapi.json": text}


def document() -> Json:
    """Compose the document.

    Raises:
        OpenAPIMergeError: when two handlers serve the same method of the same path.
        Refused: when a folder of handlers has no line in `TAGS` or `SUBJECTS`, or an error no example.
    """
    known = list(endpoints())
    drafted = _drafted(known)
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
        "info": drafted["info"],
        "servers": drafted["servers"],
        "security": [{"bearer": []}, {"api_key": []}],
        "tags": [{"name": folder, "description": TAGS[folder]} for folder in _folders(known)],
        "paths": {at: {m: item[m] for m in METHODS if m in item} for at, item in sorted(paths.items())},
        "components": {
            "schemas": tidy.used(schemas, {"paths": paths, "responses": answers}),
            "responses": answers,
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _subjects(folders: list[str]) -> str:
    """Return what the API is about as the beginning of a sentence: "Users, API keys and jobs"."""
    *others, last = filter(None, (SUBJECTS[folder] for folder in folders))
    listed = f"{', '.join(others)} and {last}"
    return listed[0].upper() + listed[1:]


def _drafted(known: list[Endpoint]) -> Json:
    about = Path(__file__).with_name("about.md").read_text(encoding="utf-8")
    about = about.replace("{subjects}", _subjects(_folders(known)))
    merge = OpenAPIMerge(title="Lamina", version=VERSION, description=about, on_conflict="error")
    for endpoint in known:
        merge.add_schema(json.loads(_GENERIC.sub(_renamed, endpoint.app.get_openapi_json_schema())))
    return merge.get_openapi_schema()


def _renamed(found: re.Match[str]) -> str:
    return f'"{found[1] or ""}{tidy.named(found[2])}"'


def _errors() -> Json:
    found = ErrorContent.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**found.pop("$defs"), "ErrorContent": found, "OAuthError": OAUTH_ERROR}


def _folders(known: list[Endpoint]) -> list[str]:
    """Give the folders that have endpoints, in the order of `TAGS`."""
    found = {endpoint.folder for endpoint in known}
    if missing := found - (TAGS.keys() & SUBJECTS.keys()):
        raise Refused(
            f"TAGS and SUBJECTS in docs/build/openapi/__init__.py lack a line for {', '.join(sorted(missing))}"
        )
    return [folder for folder in TAGS if folder in found]


def _forget_defaults(paths: Json, schemas: Json) -> None:
    """Take the defaults out of the bodies of PATCH: what is left out there stays as it is."""
    for item in paths.values():
        for media in item.get("patch", {}).get("requestBody", {}).get("content", {}).values():
            for described in schemas[media["schema"]["$ref"].rpartition("/")[2]]["properties"].values():
                described.pop("default", None)
