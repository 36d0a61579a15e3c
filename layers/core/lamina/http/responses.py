"""Responses: what an endpoint returns, and what API Gateway takes from a function."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from lamina.errors import LaminaError, Unavailable
from lamina.http import errors, headers
from lamina.http.conditional import is_fresh
from lamina.http.request import Request
from lamina.observability.logs import log_failure, log_unavailable

JSON = "application/json"
"""The media type of nearly everything."""
as_json = partial(json.dumps, separators=(",", ":"), ensure_ascii=False)
"""Write JSON as the contract has it: UTF-8, without escapes."""


class Response[T]:
    """An answer that holds a T; endpoints say which by `-> Response[T]`, and the OpenAPI document with them.

    Attributes:
        status_code: of HTTP.
        body: a T, or its parts by name, to be checked against T and written as JSON; text goes as it is; None is none.
        headers: of its own, beside those that every answer carries.
    """

    def __init__(
        self,
        status_code: int,
        content_type: str | None = None,
        body: T | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Compose an answer; `content_type` is its media type where there is a body."""
        self.status_code = int(status_code)
        self.body = body
        self.headers = dict(headers or {})
        if content_type:
            self.headers.setdefault("Content-Type", content_type)


READS = ("GET", "HEAD")
type LambdaResponse = dict[str, Any]
"""What a proxy integration returns: statusCode, multiValueHeaders, body, isBase64Encoded."""


def success(response: Response[Any], write: Callable[[object], str]) -> LambdaResponse:
    """Give what an endpoint answers; `write` writes a body that is not text already."""
    body = response.body
    return {
        "statusCode": response.status_code,
        "multiValueHeaders": {name: [value] for name, value in response.headers.items()},
        "body": body if isinstance(body, str) else "" if body is None else write(body),
        "isBase64Encoded": False,
    }


def failure(error: Exception, request: Request) -> LambdaResponse:
    """Turn a failure into its envelope. Bugs and outages are logged, without what the caller sent."""
    known = errors.as_lamina_error(error)
    if known is None:
        log_failure(error)
        known = LaminaError()
    elif isinstance(known, Unavailable) and known is not error:
        log_unavailable(error)
    given = {**errors.headers_of(known), "Content-Type": JSON}
    return {
        "statusCode": errors.status_of(known),
        "multiValueHeaders": {name: [value] for name, value in given.items()},
        "body": as_json(errors.content(known, request.request_id)),
        "isBase64Encoded": False,
    }


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
