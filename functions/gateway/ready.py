"""GET /health/ready: readiness check of every dependency."""

from typing import Literal

from lamina.http import App, Envelope, Response
from lamina.http.envelope import SelfLink
from lamina.observability.readiness import check

app = App(public=True, counted=False)

type Dependencies = dict[str, Literal["ok"]]
"""The status of each dependency, by name."""


@app.get("/health/ready", summary="Ready")
def ready() -> Response[Envelope[Dependencies, SelfLink]]:
    """Checks the table, the signing key and the secret store. Returns 503 with the names of those that fail."""
    answering: Dependencies = dict.fromkeys(check(), "ok")
    return app.respond(answering, links={"self": "/health/ready"})


handler = app.handler
