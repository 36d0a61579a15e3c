"""PATCH /v1/things/{thing_id}: update a thing."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden
from lamina.http import MERGE_PATCH, App, Envelope, Id, Response
from lamina.ids import etag
from lamina.things import service
from lamina.things.errors import ThingNotFound
from lamina.things.schemas import ThingChange, ThingLinks, ThingView, links

app = App(versioned=True, media_types=MERGE_PATCH, errors=(Forbidden, ThingNotFound, Conflict))


@app.patch("/v1/things/<thing_id>", summary="Update a thing")
def update_thing(thing_id: Id, body: ThingChange) -> Response[Envelope[ThingView, ThingLinks]]:
    """Update the fields that are sent; the others are unchanged."""
    require(app.caller, Action.THING_WRITE)
    changes = body.model_dump(exclude_unset=True)
    thing = service.update(thing_id, changes, app.request_context, if_version=app.if_version(thing_id))
    return app.respond(ThingView.model_validate(thing), etag=etag(thing.id, thing.version), links=links(thing))


handler = app.handler
