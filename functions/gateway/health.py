"""GET /health: alive."""

from typing import Literal

from pydantic import BaseModel

from lamina.http.envelope import Envelope
from lamina.http.resolver import Resolver
from lamina.http.response import Response

app = Resolver(public=True, counted=False)


class Health(BaseModel):
    """That the API answers."""

    status: Literal["ok"]


@app.get("/health", summary="Alive")
def health() -> Response[Envelope[Health]]:
    """Answer that requests are answered; nothing else is asked."""
    return app.answer(Health(status="ok"), links={"self": "/health", "ready": "/health/ready"})


handler = app.handler
