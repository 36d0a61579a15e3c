"""Creates an operation of the document from its endpoint and Powertools' draft."""

from typing import Any

from docs.build.openapi import tidy
from docs.build.openapi.answers import Failures, reference, success
from docs.build.openapi.endpoints import CONDITIONAL_WRITES, Endpoint
from docs.build.openapi.examples import BODIES, PATHS
from lamina.http.oauth_app import FORM, OAuthApp

type Json = dict[str, Any]

PARAMETERS: dict[str, Json] = {
    "CorrelationId": {
        "name": "X-Correlation-Id",
        "in": "header",
        "description": "Your own id for the request and everything it causes: 1 to 128 letters, digits and `._:/+=-`. "
        "If it is missing or invalid, a new one is generated.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A unique key. For 24 hours, a request with the same key and body returns the first response.",
        "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
    },
    "RequiredIdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "A unique key. For 24 hours, a request with the same key and body returns the first response.",
        "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
    },
    "Device": {
        "name": "lamina_device",
        "in": "cookie",
        "description": "Set by an earlier response. A known device can sign in while the account is locked.",
        "schema": {"type": "string"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The expected `ETag`, or `*` for any version. Other versions are not changed: 412.",
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of your copy. Returns 304 if it is still current.",
        "schema": {"type": "string"},
    },
}

CREDENTIALS = {
    "client_id": "Required unless sent by HTTP Basic.",
    "client_secret": "Required unless sent by HTTP Basic.",
}
"""Parameters of every OAuth form (RFC 6749 section 2.3.1)."""


def operation(endpoint: Endpoint, draft: Json, failures: Failures) -> Json:
    """Return the description of an operation.

    Args:
        endpoint: the endpoint.
        draft: Powertools' description of it.
        failures: collects the error responses, which operations share.
    """
    described: Json = {
        "tags": [endpoint.folder],
        "operationId": f"{endpoint.folder}.{endpoint.file}",
        "summary": endpoint.route.summary,
        "description": endpoint.description,
        "parameters": [*map(tidy.parameter, draft.get("parameters", [])), *_headers(endpoint)],
    }
    if "requestBody" in draft:
        schema = draft["requestBody"]["content"]["application/json"]["schema"]
        content = {media_type: {"schema": schema} for media_type in endpoint.app.media_types}
        described["requestBody"] = {"required": True, "content": content}
    if endpoint.oauth:
        described["requestBody"] = {"required": True, "content": {FORM: {"schema": _form(endpoint.oauth)}}}
    _add_examples(described)
    refused = failures.of(endpoint.raises(), form=endpoint.form)
    described["responses"] = success(endpoint, draft["responses"]) | refused
    if endpoint.oauth:
        described["security"] = [{"client": []}]
    elif endpoint.app.personal:
        described["security"] = [{}, {"bearer": []}, {"api_key": []}]
    elif endpoint.app.public:
        described["security"] = []
    elif endpoint.app.sessions_only:
        described["security"] = [{"bearer": []}]
    return described


def _add_examples(described: Json) -> None:
    """Add the example of the body, and of a path parameter that has one."""
    if (body := BODIES.get(described["operationId"])) is not None:
        for media in described["requestBody"]["content"].values():
            media["example"] = body
    for parameter in described["parameters"]:
        if parameter.get("in") == "path" and parameter["name"] in PATHS:
            parameter["example"] = PATHS[parameter["name"]]


def _form(app: OAuthApp) -> Json:
    meanings = {**app.required, **app.optional, **CREDENTIALS}
    fields = {name: {"type": "string", "minLength": 1, "description": meaning} for name, meaning in meanings.items()}
    return {"type": "object", "properties": fields, "required": list(app.required)}


def _headers(endpoint: Endpoint) -> list[Json]:
    known = {
        "IdempotencyKey": endpoint.idempotent and not endpoint.needs_key,
        "RequiredIdempotencyKey": endpoint.needs_key,
        "IfMatch": endpoint.app.versioned and endpoint.method in CONDITIONAL_WRITES,
        "IfNoneMatch": endpoint.app.versioned and endpoint.method == "GET",
        "Device": "Set-Cookie" in endpoint.app.headers,
        "CorrelationId": True,
    }
    return [reference("parameters", name) for name, applies in known.items() if applies]
