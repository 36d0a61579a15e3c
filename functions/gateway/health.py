"""GET /health: liveness check."""

from typing import Literal, TypedDict

from pydantic import BaseModel

from lamina.http import App, Envelope, Response
from lamina.ids import Href

app = App(public=True, counted=False)


class Health(BaseModel):
    """The status of the API."""

    status: Literal["ok"]


class HealthLinks(TypedDict):
    """Links of the liveness check: the readiness check."""

    self: Href
    ready: Href


@app.get("/health", summary="Alive")
def health() -> Response[Envelope[Health, HealthLinks]]:
    """Returns 200 as long as the API can serve requests. Dependencies are not checked."""
    return app.respond(Health(status="ok"), links={"self": "/health", "ready": "/health/ready"})


handler = app.handler
