"""Responses of endpoints: statuses, headers and errors, as components shared by all operations."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from docs.build import Refused
from docs.build.openapi.endpoints import Endpoint, ErrorClass, Form
from lamina import errors
from lamina.errors import LaminaError, Problem
from lamina.graphql_errors import as_graphql
from lamina.http.conditional import entity_tag
from lamina.http.errors import MethodNotAllowed, PayloadTooLarge, content, headers_of, status_of
from lamina.http.oauth_app import as_oauth
from lamina.identity.errors import SecondFactorNeeded
from lamina.ids import etag
from lamina.limits.quota import Quota, RateLimited

type Json = dict[str, Any]

EXAMPLE_ID = "0190a3f0-5e9a-7c32-9d5b-2f1f6a3c8b7e"
EXAMPLE_WAIT = 540
EXAMPLES: dict[ErrorClass, LaminaError] = {
    errors.Invalid: errors.Invalid(details=[Problem("email", "must be an e-mail address, like name@example.com")]),
    MethodNotAllowed: MethodNotAllowed(["POST"]),
    errors.OAuthError: errors.OAuthError("Send grant_type."),
    RateLimited: RateLimited(Quota(limit=1000, remaining=0, reset=EXAMPLE_WAIT)),
    SecondFactorNeeded: SecondFactorNeeded("3q2-7wABm0Yl1x4hQm8nVt5cJr6kZs9pXe2bFd7gHu0"),
}
"""Example errors, for classes that require arguments or details."""


OAUTH_ERROR: Json = {
    "description": "An error response (RFC 6749 section 5.2).",
    "type": "object",
    "properties": {
        "error": {
            "type": "string",
            "enum": [
                "invalid_request",
                "invalid_client",
                "invalid_grant",
                "unauthorized_client",
                "unsupported_grant_type",
                "invalid_scope",
                "temporarily_unavailable",
                "server_error",
            ],
        },
        "error_description": {"type": "string"},
    },
    "required": ["error", "error_description"],
}


GRAPHQL_ERROR: Json = {
    "description": "An error of GraphQL.",
    "type": "object",
    "properties": {
        "message": {"type": "string"},
        "extensions": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "A code of REST, such as `FORBIDDEN`."},
                "details": {"type": "array", "items": {"$ref": "#/components/schemas/ErrorDetail"}},
                "requestId": {"type": "string"},
            },
            "required": ["code", "requestId"],
        },
        "locations": {"type": "array", "items": {"type": "object"}},
        "path": {"type": "array", "items": {"type": ["string", "integer"]}},
    },
    "required": ["message", "extensions"],
}
GRAPHQL_ERRORS: Json = {
    "description": "The response to a document that was not executed.",
    "type": "object",
    "properties": {"errors": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/GraphqlError"}}},
    "required": ["errors"],
}


def header(description: str, example: str | int, *, required: bool = False) -> Json:
    """Describe a header."""
    schema = {"type": "integer" if isinstance(example, int) else "string"}
    return {
        "description": description,
        **({"required": True} if required else {}),
        "schema": schema,
        "example": example,
    }


HEADERS: dict[str, Json] = {
    "X-Correlation-Id": header("Id of the request and of everything that it causes.", EXAMPLE_ID, required=True),
    "ETag": header("Entity tag of this version of the resource.", entity_tag(etag(EXAMPLE_ID, 1)), required=True),
    "Location": header("Path of the new resource.", f"/v1/users/{EXAMPLE_ID}", required=True),
    "Idempotent-Replayed": header("`true` if this is the recorded response of an earlier request.", "true"),
    "WWW-Authenticate": header("How to authenticate.", 'Bearer realm="lamina"', required=True),
    "Retry-After": header("Seconds to wait before retrying.", 5, required=True),
    "RateLimit-Limit": header("Requests allowed per caller or IP address in 15 minutes.", 1000),
    "RateLimit-Remaining": header("Requests left.", 999),
    "RateLimit-Reset": header("Seconds until the oldest counted request leaves the window.", EXAMPLE_WAIT),
    "Set-Cookie": header(
        "A token that identifies the device, if it is not known yet.",
        "lamina_device=…; Path=/v1/auth; Max-Age=34560000; Secure; HttpOnly; SameSite=Strict",
    ),
    "Allow": header("The methods that the path supports for this.", "POST", required=True),
    "Pragma": header("`no-cache`, for HTTP/1.0 caches.", "no-cache", required=True),
}
COUNTED = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
"""Headers that report the rate limit; omitted only if the table could not count the request."""


def reference(kind: str, name: str) -> Json:
    """Return a reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def headers(*names: str) -> Json:
    """Return references to these headers and to the correlation id."""
    return {name: reference("headers", name) for name in ("X-Correlation-Id", *names)}


def success(endpoint: Endpoint, drafted: Json) -> Json:
    """Return the successful responses of an endpoint, by status.

    Args:
        endpoint: the endpoint.
        drafted: Powertools' description of its responses, by status.
    """
    status = endpoint.status
    draft = drafted[str(status.value)]
    own = endpoint.route.responses
    described: Json = {"description": draft["description"] if own else status.phrase}
    described["headers"] = headers(*_own_headers(endpoint, status, has_body=not _is_empty(draft)))
    if not _is_empty(draft):
        described["content"] = draft["content"]
    found = {str(status.value): described}
    if endpoint.app.versioned and endpoint.method == "GET":
        found["304"] = reference("responses", "NotModified")
    return found


def _own_headers(endpoint: Endpoint, status: HTTPStatus, *, has_body: bool) -> Iterable[str]:
    if endpoint.app.versioned and status != HTTPStatus.NO_CONTENT:
        yield "ETag"
    if status == HTTPStatus.CREATED or (status == HTTPStatus.ACCEPTED and has_body):
        yield "Location"
    if endpoint.idempotent:
        yield "Idempotent-Replayed"
    if endpoint.app.counted:
        yield from COUNTED
    yield from endpoint.app.headers


def _is_empty(draft: Json) -> bool:
    """Return whether the response has no body, because its handler declares None."""
    content = draft.get("content", {}).get("application/json", {})
    return bool(content.get("schema", {}).get("type") == "null")


SCHEMAS = {Form.OAUTH: "OAuthError", Form.GRAPHQL: "GraphqlErrors"}


class Failures:
    """The error responses. Each combination of errors with one status is one component, created on first use."""

    def __init__(self) -> None:
        """Create the collection, with the response 304, which has no body either."""
        self.schemas: dict[str, Json] = {}
        """The bodies of these responses; each lists its error codes."""
        self.components: dict[str, Json] = {
            "NotModified": {"description": "The resource has not changed.", "headers": headers("ETag", *COUNTED)},
        }

    def of(self, raised: Iterable[ErrorClass], *, form: Form = Form.ENVELOPE) -> Json:
        """Return references to the responses for these errors, by status, in a format."""
        by_status: dict[int, list[ErrorClass]] = {}
        for kind in raised:
            by_status.setdefault(status_of(_example(kind)), []).append(kind)
        return {str(status): self._of_one_status(kinds, form) for status, kinds in sorted(by_status.items())}

    def _of_one_status(self, kinds: list[ErrorClass], form: Form) -> Json:
        # API Gateway itself may refuse a body that is too large; it supports one format only.
        form = Form.ENVELOPE if form == Form.OAUTH and kinds == [PayloadTooLarge] else form
        name = form.value + "Or".join("Internal" if kind is errors.LaminaError else kind.__name__ for kind in kinds)
        if name not in self.components:
            raised = [_example(kind) for kind in kinds]
            schema = SCHEMAS.get(form) or self._envelope(name, raised)
            self.components[name] = _answer(kinds, raised, schema, form)
        return reference("responses", name)

    def _envelope(self, name: str, raised: list[LaminaError]) -> str:
        """Add the schema of an envelope with one of these errors, and return its name."""
        codes = list(dict.fromkeys(error.code for error in raised))
        extras = {extra: {"type": "string"} for error in raised for extra in error.extras}
        own = {
            "type": "object",
            "properties": {"code": {"type": "string", "enum": codes}, **extras},
            "required": ["code"],
        }
        envelope, error = f"{name}Envelope", f"{name}Error"
        self.schemas[error] = {"allOf": [reference("schemas", "ErrorContent"), own]}
        self.schemas[envelope] = {
            "type": "object",
            "properties": {"error": reference("schemas", error)},
            "required": ["error"],
        }
        return envelope


def _example(kind: ErrorClass) -> LaminaError:
    """Return an example of an error.

    Raises:
        Refused: if its class requires arguments and `EXAMPLES` has none.
    """
    try:
        return EXAMPLES.get(kind) or kind()
    except TypeError:
        raise Refused(
            f"add one to EXAMPLES in docs/build/openapi/answers.py: {kind.__name__} takes arguments"
        ) from None


def _answer(kinds: list[ErrorClass], raised: list[LaminaError], schema: str, form: Form) -> Json:
    said = {
        "schema": reference("schemas", schema),
        "examples": {
            error.code.lower() if form == Form.OAUTH else error.code: {"value": _written(error, form)}
            for error in raised
        },
    }
    own = [name for name in headers_of(raised[0]) if name not in COUNTED]
    return {
        "description": " ".join(_sentence(kind) for kind in kinds),
        "headers": headers(*own, *COUNTED),
        "content": {"application/json": said},
    }


def _written(error: LaminaError, form: Form) -> Json:
    if form == Form.OAUTH:
        return {**as_oauth(error)}
    if form == Form.GRAPHQL:
        return {"errors": [as_graphql(error, EXAMPLE_ID)]}
    return content(error, EXAMPLE_ID)


def _sentence(kind: ErrorClass) -> str:
    if kind is errors.LaminaError:
        return "An internal error occurred."
    return (kind.__doc__ or "").split("\n\n", maxsplit=1)[0]
