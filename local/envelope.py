"""Responses of the local front itself, in the API's envelope and with its standard headers."""

import json
import re
import uuid
from collections.abc import Mapping

from aiohttp import web

CORRELATION_ID = re.compile(r"[A-Za-z0-9._:/=+-]{1,128}")
SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


READABLE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, WWW-Authenticate, X-Correlation-Id",
}


class Answer(web.Response):
    """A response without a `Server` header, like API Gateway's."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Server", None)


def refuse(
    status: int,
    code: str,
    message: str,
    asked: Mapping[str, str],
    extra: Mapping[str, str] | None = None,
    *,
    readable: bool = True,
) -> Answer:
    """Return an error: `{"error": {"code", "message", "details", "request_id"}}`, with API Gateway's own headers.

    Pages may read it, unless it is not `readable`. Several origins are allowed here, so it names none of them, as in
    `GatewayResponses` of the template.
    """
    request_id = str(uuid.uuid4())
    correlation = asked.get("X-Correlation-Id", "")
    headers = {
        **SECURITY_HEADERS,
        "Content-Security-Policy": "sandbox",
        **(READABLE if readable else {"Vary": "Origin"}),
        "X-Correlation-Id": correlation if CORRELATION_ID.fullmatch(correlation) else request_id,
        **(extra or {}),
    }
    error = {"code": code, "message": message, "details": [], "request_id": request_id}
    return Answer(
        status=status, body=json.dumps({"error": error}).encode(), headers=headers, content_type="application/json"
    )
