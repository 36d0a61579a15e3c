"""GET /docs: interactive API documentation.

The page is Scalar, from a layer of its own. Where npm could not install it, the page is the Swagger UI that Powertools
ships. Both contain all of their assets.
"""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable

from lamina.http import App, Response
from lamina.http.html_page import ANY_STYLE, HTML, headers, inlined, page, source
from lamina.settings import settings

type Page = tuple[str, dict[str, str | list[str]]]

app = App(public=True, counted=False, versioned=True)
# The files are located directly: importing the package that contains them takes 70 ms.
SWAGGER = files("aws_lambda_powertools") / "event_handler" / "openapi" / "swagger_ui"
SWAGGER_START = """
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
NOSCRIPT = "<noscript>This page requires JavaScript. See openapi.json for the same information.</noscript>"
SCALAR_BODY = """<header id="bar">
<h1>Lamina API</h1>
<button id="open" type="button" aria-expanded="false" aria-controls="in">Sign in</button>
<form id="in">
<input id="email" type="email" autocomplete="username" required
  placeholder="E-mail address" aria-label="E-mail address">
<input id="password" type="password" autocomplete="current-password" required
  placeholder="Password" aria-label="Password">
<input id="code" inputmode="numeric" autocomplete="one-time-code" placeholder="Code" aria-label="Code" hidden>
<button>Sign in</button>
</form>
<form id="out" hidden><span id="who"></span> <button>Sign out</button></form>
<p id="problem" role="alert"></p>
</header>
<p id="loading" role="status">Loading the documentation …</p>
<div id="docs"></div>"""


def _connect() -> list[str]:
    """Return the origin of the API, which the page calls."""
    origin = re.match(r"https?://[^/]+", settings().public_url)
    return [origin[0]] if origin else []


def _scalar(assets: Traversable) -> Page:
    """Return the page of Scalar. Its bundle is data, which the page's script unpacks and runs."""
    packed, style, script, bundle = (
        (assets / name).read_text("utf-8") for name in ("scalar.txt", "page.css", "page.js", "scalar.sha256")
    )
    body = f'{SCALAR_BODY}{NOSCRIPT}<script type="application/gzip" id="scalar">{packed}</script>'
    content = page(body=body, styles=[style], scripts=[script], title="Lamina API")
    scripts = [bundle, source(script)]
    return content, headers(content, scripts=scripts, styles=ANY_STYLE, connect=_connect(), further="font-src data:")


def _swagger() -> Page:
    """Return the page of Swagger UI."""
    style, bundle = (
        inlined((SWAGGER / name).read_text("utf-8")) for name in ("swagger-ui.min.css", "swagger-ui-bundle.min.js")
    )
    scripts = [bundle, SWAGGER_START]
    content = page(body=f'<div id="docs"></div>{NOSCRIPT}', styles=[style], scripts=scripts, title="Lamina API")
    sources = [*map(source, scripts)]
    return content, headers(content, scripts=sources, styles=[source(style)], connect=_connect())


def _page() -> Page:
    try:
        return _scalar(files("scalar_page"))
    except (ModuleNotFoundError, FileNotFoundError):
        return _swagger()


_content, _headers = _page()


@app.get(
    "/docs",
    summary="Get the documentation page",
    responses={200: {"description": "The page.", "content": {"text/html": {"schema": {"type": "string"}}}}},
)
def docs() -> Response[str]:
    """Returns an HTML page that lists every endpoint and can call it."""
    return Response(200, HTML, _content, dict(_headers))


handler = app.handler
