"""What endpoints answer: statuses, headers and errors, as components that all operations share."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from docs.build import Refused
from docs.build.openapi.endpoints import Endpoint, ErrorClass
from lamina import errors
from lamina.errors import LaminaError, Problem
from lamina.http.conditional import entity_tag
from lamina.http.errors import PayloadTooLarge, content, headers_of, status_of
from lamina.http.oauth_app import as_oauth
from lamina.identity.errors import SecondFactorNeeded
from lamina.ids import etag
from lamina.limits.quota import Quota, RateLimited

type Json = dict[str, Any]

EXAMPLE_ID = "0190a3f0-5e9a-7c32-9d5b-2f1f6a3c8b7e"
EXAMPLE_WAIT = 540
EXAMPLES: dict[ErrorClass, LaminaError] = {
    errors.Invalid: errors.Invalid(details=[Problem("email", "must be an e-mail address, like name@example.com")]),
    errors.OAuthError: errors.OAuthError("Send grant_type."),
    RateLimited: RateLimited(Quota(limit=1000, remaining=0, reset=EXAMPLE_WAIT)),
    SecondFactorNeeded: SecondFactorNeeded("3q2-7wABm0Yl1x4hQm8nVt5cJr6kZs9pXe2bFd7gHu0"),
}
"""Errors as they may be said, where their class alone does not tell."""


OAUTH_ERROR: Json = {
    "description": "A refusal in the form of RFC 6749 section 5.2.",
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
    "X-Correlation-Id": header("The id that ties together all that the request caused.", EXAMPLE_ID, required=True),
    "ETag": header("Names this version of the resource.", entity_tag(etag(EXAMPLE_ID, 1)), required=True),
    "Location": header("Where the new resource is.", f"/v1/users/{EXAMPLE_ID}", required=True),
    "Idempotent-Replayed": header("`true` when this is the first answer again.", "true"),
    "WWW-Authenticate": header("How to prove who asks.", 'Bearer realm="lamina"', required=True),
    "Retry-After": header("Seconds to wait before the next try.", 5, required=True),
    "RateLimit-Limit": header("Requests that the caller, or the address, may make in 15 minutes.", 1000),
    "RateLimit-Remaining": header("How many of them are left.", 999),
    "RateLimit-Reset": header("Seconds until the first of those that were made counts no more.", EXAMPLE_WAIT),
    "Set-Cookie": header(
        "A token for the device, where it brings none that is known.",
        "lamina_device=…; Path=/v1/auth; Max-Age=34560000; Secure; HttpOnly; SameSite=Strict",
    ),
    "Pragma": header("`no-cache`, for caches of old.", "no-cache", required=True),
}
COUNTED = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
"""What tells a caller how many more requests it may make; missing only where the table could not count."""


def reference(kind: str, name: str) -> Json:
    """Refer to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def headers(*names: str) -> Json:
    """Refer to these headers and to the one that a client can use of every answer."""
    return {name: reference("headers", name) for name in ("X-Correlation-Id", *names)}


def success(endpoint: Endpoint, drafted: Json) -> Json:
    """Describe what an endpoint answers when all is well, by status.

    Args:
        endpoint: whose answer it is.
        drafted: Powertools' description of it, by status.
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
    """Tell whether the answer has no body: its handler declares None."""
    content = draft.get("content", {}).get("application/json", {})
    return bool(content.get("schema", {}).get("type") == "null")


class Failures:
    """The error answers: each combination of errors with one status is one component, made when first needed."""

    def __init__(self) -> None:
        """Begin with the one answer that is no error and has no body either."""
        self.schemas: dict[str, Json] = {}
        """The bodies of these answers: each states which codes it may hold."""
        self.components: dict[str, Json] = {
            "NotModified": {"description": "The caller has it already.", "headers": headers("ETag", *COUNTED)}
        }

    def of(self, raised: Iterable[ErrorClass], *, oauth: bool = False) -> Json:
        """Refer to the answers for these errors, by status; in OAuth's own form or in the envelope."""
        by_status: dict[int, list[ErrorClass]] = {}
        for kind in raised:
            by_status.setdefault(status_of(_example(kind)), []).append(kind)
        return {str(status): self._of_one_status(kinds, oauth=oauth) for status, kinds in sorted(by_status.items())}

    def _of_one_status(self, kinds: list[ErrorClass], *, oauth: bool) -> Json:
        # Too large a body may be refused by API Gateway, which knows one form only.
        oauth = oauth and kinds != [PayloadTooLarge]
        name = ("OAuth" if oauth else "") + "Or".join(
            "Internal" if kind is errors.LaminaError else kind.__name__ for kind in kinds
        )
        if name not in self.components:
            raised = [_example(kind) for kind in kinds]
            schema = "OAuthError" if oauth else self._envelope(name, raised)
            self.components[name] = _answer(kinds, raised, schema, oauth=oauth)
        return reference("responses", name)

    def _envelope(self, name: str, raised: list[LaminaError]) -> str:
        """Add the schemas of an envelope with one of these errors, and return the name of its."""
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
    """Return an error as it may be said.

    Raises:
        Refused: when its class alone does not tell.
    """
    try:
        return EXAMPLES.get(kind) or kind()
    except TypeError:
        raise Refused(
            f"add one to EXAMPLES in docs/build/openapi/answers.py: {kind.__name__} takes arguments"
        ) from None


def _answer(kinds: list[ErrorClass], raised: list[LaminaError], schema: str, *, oauth: bool) -> Json:
    said = {
        "schema": reference("schemas", schema),
        "examples": {
            error.code.lower() if oauth else error.code: {
                "value": as_oauth(error) if oauth else content(error, EXAMPLE_ID)
            }
            for error in raised
        },
    }
    own = [name for name in headers_of(raised[0]) if name not in COUNTED]
    return {
        "description": " ".join(_sentence(kind) for kind in kinds),
        "headers": headers(*own, *COUNTED),
        "content": {"application/json": said},
    }


def _sentence(kind: ErrorClass) -> str:
    if kind is errors.LaminaError:
        return "Something went wrong on our side."
    return (kind.__doc__ or "").split("\n\n", maxsplit=1)[0]
