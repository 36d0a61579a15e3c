"""GET /docs: interactive API documentation.

The page is the Swagger UI that Powertools ships, with all assets inlined: it loads nothing from other hosts. Its
content security policy (CSP level 3) lists each script and style by hash, so that no other script runs.
"""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from lamina.http import App, Response
from lamina.http.conditional import entity_tag
from lamina.settings import settings

app = App(public=True, counted=False, versioned=True)
MAX_AGE_SECONDS = 300
HTML = "text/html; charset=utf-8"
# The files are located directly: importing the package that contains them takes 70 ms.
ASSETS = files("aws_lambda_powertools") / "event_handler" / "openapi" / "swagger_ui"

START = """
SwaggerUIBundle({
  url: location.pathname.replace(/\\/+$/, "").replace(/[^/]*$/, "openapi.json"),
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""
"""Resolves the document relative to the page, so that it works under any stage and domain."""


def _asset(name: str) -> str:
    """Read a Swagger UI asset, escaped so that it cannot close the element that contains it."""
    text = (ASSETS / name).read_text(encoding="utf-8")
    return re.sub(r"</(?=script|style)", r"<\\/", text, flags=re.IGNORECASE)


def _source(content: str) -> str:
    """Return the CSP source (a hash) for an inline script or style."""
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


_style, _bundle = _asset("swagger-ui.min.css"), _asset("swagger-ui-bundle.min.js")
_origin = re.match(r"https?://[^/]+", settings().public_url)
_policy = "; ".join(
    (
        "default-src 'none'",
        f"script-src {_source(_bundle)} {_source(START)}",
        f"style-src {_source(_style)}",
        "img-src data:",
        f"connect-src 'self' {_origin[0] if _origin else ''}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lamina</title>
<link rel="icon" href="data:,">
<style>{_style}</style>
</head>
<body>
<div id="docs"></div>
<noscript>This page requires JavaScript. See openapi.json for the same information.</noscript>
<script>{_bundle}</script>
<script>{START}</script>
</body>
</html>
"""
_headers = {
    "ETag": entity_tag(sha256((_page + _policy).encode()).hexdigest()[:32]),
    "Cache-Control": f"public, max-age={MAX_AGE_SECONDS}",
    "Content-Security-Policy": _policy,
}


@app.get(
    "/docs",
    summary="Get the documentation page",
    responses={200: {"description": "The page.", "content": {"text/html": {"schema": {"type": "string"}}}}},
)
def docs() -> Response[str]:
    """Returns an HTML page that lists every endpoint and can call it."""
    return Response(200, HTML, _page, dict(_headers))


handler = app.handler
