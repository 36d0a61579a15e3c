"""GET /health/ready: each dependency answers."""

from typing import Literal

from lamina.http import App, Envelope, Response
from lamina.http.envelope import SelfLink
from lamina.observability.readiness import check

app = App(public=True, counted=False)

type Dependencies = dict[str, Literal["ok"]]
"""That each dependency answers, by name."""


@app.get("/health/ready", summary="Ready")
def ready() -> Response[Envelope[Dependencies, SelfLink]]:
    """Ask the table, the signing key and the secret store; 503 names those that do not answer."""
    answering: Dependencies = dict.fromkeys(check(), "ok")
    return app.respond(answering, links={"self": "/health/ready"})


handler = app.handler
