"""`/_local/example/`: the example app of `examples/web`, with the security headers that another host should send."""

import mimetypes

from aiohttp import web

from local.envelope import SECURITY_HEADERS, Answer, refuse
from local.settings import ROOT

PATH = "/_local/example"
FOLDER = ROOT / "examples" / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://{host}; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ENDINGS = {".html", ".js", ".css"}


def serves(path: str) -> bool:
    """Whether a path is the app's."""
    return path == PATH or path.startswith(f"{PATH}/")


def serve(request: web.BaseRequest) -> Answer:
    """Return a file of the app."""
    if request.method not in {"GET", "HEAD"}:
        allowed = {"Allow": "GET, HEAD"}
        return refuse(405, "METHOD_NOT_ALLOWED", "This path is read-only.", request.headers, allowed)
    if request.path == PATH:  # its files are named relative to the folder
        return Answer(status=308, headers={**SECURITY_HEADERS, "Location": f"{PATH}/"})
    name = request.path.removeprefix(f"{PATH}/") or "index.html"
    file = next((each for each in FOLDER.iterdir() if each.name == name and each.suffix in ENDINGS), None)
    if file is None:
        return refuse(404, "NOT_FOUND", "The resource was not found.", request.headers)
    headers = {**SECURITY_HEADERS, "Content-Security-Policy": POLICY.format(host=request.headers.get("Host", ""))}
    kind = mimetypes.types_map[file.suffix]
    return Answer(body=file.read_bytes(), headers=headers, content_type=kind, charset="utf-8")
