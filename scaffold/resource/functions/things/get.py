"""GET /v1/things/{thing_id}: one thing."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden
from lamina.http import App, Envelope, Id, Response
from lamina.ids import etag
from lamina.things import service
from lamina.things.errors import ThingNotFound
from lamina.things.schemas import ThingLinks, ThingView, links

app = App(versioned=True, errors=(Forbidden, ThingNotFound))


@app.get("/v1/things/<thing_id>", summary="Get a thing")
def get_thing(thing_id: Id) -> Response[Envelope[ThingView, ThingLinks]]:
    """Return a thing."""
    require(app.caller, Action.THING_READ)
    thing = service.get(thing_id)
    return app.respond(ThingView.model_validate(thing), etag=etag(thing.id, thing.version), links=links(thing))


handler = app.handler
