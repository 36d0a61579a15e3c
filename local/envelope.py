"""Answers of the front's own, in the API's envelope and with its usual headers."""

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


EXPOSED = "Retry-After, WWW-Authenticate, X-Correlation-Id"


class Answer(web.Response):
    """A response that does not name the software, as API Gateway's do not."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Server", None)


def refuse(
    status: int, code: str, message: str, asked: Mapping[str, str], extra: Mapping[str, str] | None = None
) -> Answer:
    """An error answer: `{"error": {"code", "message", "details", "request_id"}}`."""
    request_id = str(uuid.uuid4())
    correlation = asked.get("X-Correlation-Id", "")
    headers = {
        **SECURITY_HEADERS,
        **_cors(asked),
        "X-Correlation-Id": correlation if CORRELATION_ID.fullmatch(correlation) else request_id,
        **(extra or {}),
    }
    error = {"code": code, "message": message, "details": [], "request_id": request_id}
    return Answer(
        status=status, body=json.dumps({"error": error}).encode(), headers=headers, content_type="application/json"
    )


def _cors(asked: Mapping[str, str]) -> dict[str, str]:
    """Let pages of this port read the answer, by whichever of its two names; they are the only allowed origins here."""
    _, _, port = asked.get("Host", "").partition(":")
    origin = asked.get("Origin")
    if origin not in (f"http://127.0.0.1:{port}", f"http://localhost:{port}"):
        return {}
    return {
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": EXPOSED,
        "Vary": "Origin",
    }
