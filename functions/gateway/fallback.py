"""Handles requests that match no endpoint: CORS preflights, unsupported methods, unknown paths.

The root leads browsers to the documentation.
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from lamina.errors import NotFound
from lamina.http import App, Response
from lamina.http.errors import MethodNotAllowed
from lamina.http.headers import preflight
from lamina.http.responses import READS
from lamina.settings import settings

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.exceptions import NotFoundError

app = App(public=True, counted=False)

_document = json.loads((Path(__file__).parent / "openapi.json").read_bytes())
_methods = {
    re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)): sorted(
        # HEAD is not in the document: it is GET without a body, on public endpoints.
        [*map(str.upper, operations), *(["HEAD"] if operations.get("get", {}).get("security") == [] else [])]
    )
    for path, operations in _document["paths"].items()
}


@app.not_found
def fall_back(_error: "NotFoundError") -> Response[None]:
    """Return a preflight response, 404 for an unknown path or 405 for an unsupported method.

    A browser that asks for the root is redirected to the documentation.
    """
    request = app.incoming
    allowed = next((methods for pattern, methods in _methods.items() if pattern.fullmatch(request.path)), [])
    if request.method == "OPTIONS":
        return Response(204, None, None, dict(preflight(request.headers, allowed)))
    if allowed:
        raise MethodNotAllowed([*allowed, "OPTIONS"])
    if request.path == "/" and request.method in READS and "text/html" in request.headers.get("accept", ""):
        return Response(302, None, None, {"Location": f"{settings().public_url}/docs", "Vary": "Origin, Accept"})
    raise NotFound


handler = app.handler
