"""The device cookie: what a browser or app shows to be known as one that has signed in before.

It opens nothing by itself; it only lets its holder go on trying when strangers have locked the account.
"""

import re

from aws_lambda_powertools.event_handler.api_gateway import Response

from lamina.http.request import Request
from lamina.settings import settings

NAME = "lamina_device"
LIFE_SECONDS = 400 * 24 * 3600
"""The longest that browsers keep a cookie (RFC 6265bis section 5.5)."""
_BROUGHT = re.compile(rf"(?:^|[;,] *){NAME}=([A-Za-z0-9_-]{{1,64}}) *(?:$|[;,])")
"""Our cookie among whatever others a client sends: one that a strict parser stumbles over must not hide it."""


def device_token(request: Request) -> str:
    """Read the device token that a request brings; `""` without one."""
    found = _BROUGHT.search(request.headers.get("cookie", ""))
    return found[1] if found else ""


def with_device[T](response: Response[T], token: str) -> Response[T]:
    """Hand a new device token out with an answer; `""` hands out none."""
    if token:
        # Only a laptop is served without TLS.
        secure = "; Secure" if settings().public_url.startswith("https://") else ""
        path = f"{settings().base_path}/v1/auth"
        response.headers["Set-Cookie"] = (
            f"{NAME}={token}; Path={path}; Max-Age={LIFE_SECONDS}{secure}; HttpOnly; SameSite=Strict"
        )
    return response
