"""Responses: what an endpoint returns, and what API Gateway takes from a function."""

import json
from functools import partial
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from lamina.errors import LaminaError, Unavailable
from lamina.http import errors, headers
from lamina.http.conditional import is_fresh
from lamina.http.request import Request
from lamina.observability.logs import log_failure, log_unavailable

JSON = "application/json"
"""The media type of nearly everything."""
as_json = partial(json.dumps, separators=(",", ":"), ensure_ascii=False)
"""Write JSON as the contract has it: UTF-8, without escapes."""


READS = ("GET", "HEAD")
type LambdaResponse = dict[str, Any]
"""What a proxy integration returns: statusCode, multiValueHeaders, body, isBase64Encoded."""


def failure(error: Exception, request: Request) -> Response[Any]:
    """Turn a failure into its envelope. Bugs and outages are logged, without what the caller sent."""
    known = errors.as_lamina_error(error)
    if known is None:
        log_failure(error)
        known = LaminaError()
    elif isinstance(known, Unavailable) and known is not error:
        log_unavailable(error)
    return Response(
        errors.status_of(known), JSON, as_json(errors.content(known, request.request_id)), errors.headers_of(known)
    )


def finish(response: LambdaResponse, request: Request, *, public: bool) -> LambdaResponse:
    """Put on what every answer carries, and leave out a body that the caller already has."""
    given: dict[str, list[str]] = dict(response["multiValueHeaders"])
    tag = given.get("ETag", [""])[0]
    if tag and request.method in READS:
        # A client may keep what has a tag, and must ask before it uses it again (RFC 9111 section 5.2.2.4).
        given.setdefault("Cache-Control", ["private, no-cache"])
        if is_fresh(tag, request.headers):
            response = response | {"statusCode": int(HTTPStatus.NOT_MODIFIED), "body": ""}
            given.pop("Content-Type", None)
    every = headers.standard(request.headers, request.correlation_id, public=public)
    every |= headers.quota_headers(request.quota)
    return response | {
        "statusCode": int(response["statusCode"]),
        "body": "" if request.method == "HEAD" else response["body"] or "",
        "multiValueHeaders": {name: [value] for name, value in every.items()} | given,
    }
