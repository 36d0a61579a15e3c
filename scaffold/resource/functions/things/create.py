"""POST /v1/things: create a thing."""

from lamina.access.policy import Action, require
from lamina.errors import Forbidden
from lamina.http import App, Envelope, Response
from lamina.http.idempotency import idempotent
from lamina.ids import etag
from lamina.things import service
from lamina.things.model import NewThing
from lamina.things.schemas import ThingInput, ThingLinks, ThingView, links

app = App(versioned=True, errors=(Forbidden,))


@app.authorize
def authorize() -> None:
    """Allow callers who may write things."""
    require(app.caller, Action.THING_WRITE)


@app.post("/v1/things", summary="Create a thing", status_code=201, middlewares=[idempotent])
def create_thing(body: ThingInput) -> Response[Envelope[ThingView, ThingLinks]]:
    """Create a thing."""
    thing = service.create(NewThing(**body.model_dump()), app.request_context)
    view = ThingView.model_validate(thing)
    return app.respond(view, etag=etag(thing.id, thing.version), links=links(thing), created=True)


handler = app.handler
