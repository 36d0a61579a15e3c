"""GET /health: alive."""

from typing import Literal, TypedDict

from pydantic import BaseModel

from lamina.http import App, Envelope, Response
from lamina.ids import Href

app = App(public=True, counted=False)


class Health(BaseModel):
    """That the API answers."""

    status: Literal["ok"]


class HealthLinks(TypedDict):
    """Where to go from here: to whether every dependency answers."""

    self: Href
    ready: Href


@app.get("/health", summary="Alive")
def health() -> Response[Envelope[Health, HealthLinks]]:
    """Answer that requests are answered; nothing else is asked."""
    return app.respond(Health(status="ok"), links={"self": "/health", "ready": "/health/ready"})


handler = app.handler
