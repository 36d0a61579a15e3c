"""GET /v1/things: list things."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden
from lamina.http import App, ListEnvelope, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest
from lamina.things import service
from lamina.things.schemas import ThingView

app = App(errors=(Forbidden,))


@app.get("/v1/things", summary="List things")
def list_things(limit: LimitParameter = 20, cursor: CursorParameter = None) -> Response[ListEnvelope[ThingView]]:
    """Return a page of things, newest first."""
    require(app.caller, Action.THING_READ)
    request = ListRequest("/v1/things", {}, audience="everybody")
    at = request.position(limit, cursor, None)
    page = service.list_things(limit, at.cursor)
    return app.page([ThingView.model_validate(thing) for thing in page.items], *request.describe(at, page))


handler = app.handler
