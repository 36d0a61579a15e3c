"""GET /health/ready: readiness check of every dependency."""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import Field

from lamina.http import App, Envelope, Response
from lamina.ids import Href
from lamina.observability.readiness import check
from lamina.settings import settings

app = App(public=True, counted=False)

type Dependencies = dict[str, Literal["ok"]]
"""The status of each dependency, by name."""


class ReadyLinks(TypedDict):
    """Links of the readiness check: the URL of the WebSocket API, for subscriptions."""

    self: Href
    realtime: NotRequired[
        Annotated[str, Field(examples=["wss://realtime.example.com"], json_schema_extra={"format": "uri"})]
    ]


@app.get("/health/ready", summary="Ready")
def ready() -> Response[Envelope[Dependencies, ReadyLinks]]:
    """Checks the table, the signing key and the secret store. Returns 503 with the names of those that fail."""
    answering: Dependencies = dict.fromkeys(check(), "ok")
    links: ReadyLinks = {"self": "/health/ready"}
    if settings().realtime_url:
        links["realtime"] = settings().realtime_url
    return app.respond(answering, links=links)


handler = app.handler
