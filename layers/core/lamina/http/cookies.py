"""The device cookie, which identifies a browser or app that has signed in before.

It is not a credential: it only allows its holder to keep signing in while the account is locked for unknown devices.
"""

import re
from typing import TYPE_CHECKING

from lamina.http.request import Request
from lamina.settings import settings

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Response

NAME = "lamina_device"
LIFE_SECONDS = 400 * 24 * 3600
"""The maximum that browsers allow (RFC 6265bis section 5.5)."""
_BROUGHT = re.compile(rf"(?:^|[;,] *){NAME}=([A-Za-z0-9_-]{{1,64}}) *(?:$|[;,])")
"""Matches our cookie among any others. A malformed cookie of somebody else must not hide it."""


def device_token(request: Request) -> str:
    """Return the device token of a request; `""` if there is none."""
    found = _BROUGHT.search(request.headers.get("cookie", ""))
    return found[1] if found else ""


def with_device[T](response: "Response[T]", token: str) -> "Response[T]":
    """Return the response with a new device token as a cookie; unchanged if the token is `""`."""
    if token:
        # Only the local stack is served without TLS.
        secure = "; Secure" if settings().public_url.startswith("https://") else ""
        path = f"{settings().base_path}/v1/auth"
        response.headers["Set-Cookie"] = (
            f"{NAME}={token}; Path={path}; Max-Age={LIFE_SECONDS}{secure}; HttpOnly; SameSite=Strict"
        )
    return response
