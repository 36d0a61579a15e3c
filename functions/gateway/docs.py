"""GET /docs: interactive API documentation.

The page is the Swagger UI that Powertools ships, with all assets inlined.
"""

import re
from importlib.resources import files

from lamina.http import App, Response
from lamina.http.html_page import HTML, headers, inlined, page
from lamina.settings import settings

app = App(public=True, counted=False, versioned=True)
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
    """Read a Swagger UI asset."""
    return inlined((ASSETS / name).read_text(encoding="utf-8"))


BODY = """<div id="docs"></div>
<noscript>This page requires JavaScript. See openapi.json for the same information.</noscript>"""
_styles, _scripts = [_asset("swagger-ui.min.css")], [_asset("swagger-ui-bundle.min.js"), START]
_origin = re.match(r"https?://[^/]+", settings().public_url)
_page = page(body=BODY, styles=_styles, scripts=_scripts)
_headers = headers(_page, styles=_styles, scripts=_scripts, connect=[_origin[0]] if _origin else [])


@app.get(
    "/docs",
    summary="Get the documentation page",
    responses={200: {"description": "The page.", "content": {"text/html": {"schema": {"type": "string"}}}}},
)
def docs() -> Response[str]:
    """Returns an HTML page that lists every endpoint and can call it."""
    return Response(200, HTML, _page, dict(_headers))


handler = app.handler
