"""DELETE /v1/things/{thing_id}: delete a thing."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden
from lamina.http import App, Id, Response
from lamina.things import service
from lamina.things.errors import ThingNotFound

app = App(versioned=True, errors=(Forbidden, ThingNotFound, Conflict))


@app.delete("/v1/things/<thing_id>", summary="Delete a thing", status_code=204)
def delete_thing(thing_id: Id) -> Response[None]:
    """Delete a thing."""
    require(app.caller, Action.THING_DELETE)
    service.delete(thing_id, app.request_context, if_version=app.if_version(thing_id))
    return app.no_content()


handler = app.handler
