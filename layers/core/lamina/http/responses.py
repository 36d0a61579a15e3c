"""Responses: conversion to what API Gateway expects from a function."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, get_args

from aws_lambda_powertools.event_handler.api_gateway import Response

from lamina.http import errors, headers
from lamina.http.conditional import is_fresh
from lamina.http.envelope import Envelope, ListEnvelope
from lamina.http.request import Request
from lamina.known_errors import known_error
from lamina.strict_json import as_json

JSON = "application/json"
"""The media type of most responses."""
READS = ("GET", "HEAD")
type LambdaResponse = dict[str, Any]
"""The response format of a proxy integration: statusCode, multiValueHeaders, body, isBase64Encoded."""


class EnvelopeMissing(TypeError):
    """The function of an endpoint does not declare that it returns the envelope."""


def check_returns(function: Callable[..., Any], *, enveloped: bool) -> None:
    """Check what the function of an endpoint declares to return, before a request finds out.

    Args:
        function: the function.
        enveloped: whether it must return the envelope, text or nothing; else, any type.

    Raises:
        EnvelopeMissing: when it is not a `Response` of an `Envelope` or `ListEnvelope`, of text or of nothing.
    """
    declared: Any = function.__annotations__.get("return", "nothing")
    name = f"{function.__module__}.{function.__name__}"
    if getattr(declared, "__origin__", None) is not Response:
        raise EnvelopeMissing(f"{name} declares that it returns {declared}: declare `-> Response[Envelope[…]]`")
    (content,) = get_args(declared)
    generic = getattr(content, "__pydantic_generic_metadata__", {}).get("origin") or content
    if enveloped and generic not in (Envelope, ListEnvelope, str, None, type(None)):
        raise EnvelopeMissing(
            f"{name} declares that it returns a plain {getattr(content, '__name__', content)}: declare "
            "`-> Response[Envelope[…]]` and return `app.respond(…, links=…)`; forms of another standard take "
            "`App(enveloped=False)`"
        )


def failure(error: Exception, request: Request) -> Response[Any]:
    """Return an error in its envelope. Bugs and outages are logged, without the caller's input."""
    known = known_error(error)
    return Response(
        errors.status_of(known), JSON, as_json(errors.content(known, request.request_id)), errors.headers_of(known)
    )


def finish(response: LambdaResponse, request: Request, *, public: bool) -> LambdaResponse:
    """Add the standard headers, and omit a body that the caller already has."""
    given: dict[str, list[str]] = dict(response["multiValueHeaders"])
    tag = given.get("ETag", [""])[0]
    if tag and request.method in READS:
        # A response with an entity tag may be cached, but must be revalidated before reuse (RFC 9111 section 5.2.2.4).
        given.setdefault("Cache-Control", ["private, no-cache"])
        if is_fresh(tag, request.headers):
            response = response | {"statusCode": int(HTTPStatus.NOT_MODIFIED), "body": ""}
            given.pop("Content-Type", None)
    body = response["body"] or ""
    if not isinstance(body, str):  # Powertools serializes what is declared to be JSON alone
        body = as_json(body)
        given.setdefault("Content-Type", [JSON])
    every = headers.standard(request.headers, request.correlation_id, public=public)
    every |= headers.quota_headers(request.quota)
    return response | {
        "statusCode": int(response["statusCode"]),
        "body": "" if request.method == "HEAD" else body,
        "multiValueHeaders": {name: [value] for name, value in every.items()} | given,
    }
