"""GET /openapi.json: the API, described for machines (OpenAPI 3.1). The document is made by `make openapi`."""

import json
from hashlib import sha256
from pathlib import Path

from lamina.http import JSON, App, Response
from lamina.http.conditional import entity_tag
from lamina.settings import settings

app = App(public=True, counted=False, versioned=True)
MAX_AGE_SECONDS = 300

_written = json.loads((Path(__file__).parent / "openapi.json").read_bytes())
_served = json.dumps({**_written, "servers": [{"url": settings().public_url}]}, separators=(",", ":"))
_headers = {
    "ETag": entity_tag(sha256(_served.encode()).hexdigest()[:32]),
    "Cache-Control": f"public, max-age={MAX_AGE_SECONDS}",
}


@app.get(
    "/openapi.json",
    summary="This document",
    responses={200: {"description": "The document.", "content": {JSON: {"schema": {"type": "object"}}}}},
)
def openapi() -> Response[str]:
    """Answer the description of the whole API, outside the envelope."""
    return Response(200, JSON, _served, dict(_headers))


handler = app.handler
