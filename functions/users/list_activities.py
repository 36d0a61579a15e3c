"""GET /v1/users/{user_id}/activities: what has happened to a user."""

from typing import Annotated

from lamina.access.policy import Action, require
from lamina.activities.reading import read_page
from lamina.activities.schemas import ActivityView, TypeFilter, chosen
from lamina.errors import Forbidden, NotFound
from lamina.fields import Timestamp
from lamina.http import App, Id, ListEnvelope, Query, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest
from lamina.users import service as users

app = App(errors=(Forbidden, NotFound))

SinceParameter = Annotated[Timestamp | None, Query(alias="from", description="From this instant on.")]
UntilParameter = Annotated[Timestamp | None, Query(alias="to", description="Before this instant.")]
TypeParameter = Annotated[
    TypeFilter | None, Query(alias="type", description="Only this type, or, with `.*` at its end, those that begin so.")
]


@app.get("/v1/users/<user_id>/activities", summary="List a user's activities")
def list_activities(
    user_id: Id,
    since: SinceParameter = None,
    until: UntilParameter = None,
    of_type: TypeParameter = None,
    limit: LimitParameter = 20,
    cursor: CursorParameter = None,
) -> Response[ListEnvelope[ActivityView]]:
    """Answer a page of what has happened to a user, newest first. With `type` a page may be short and more follow."""
    require(app.caller, Action.USER_READ_ACTIVITIES, owner_id=user_id)
    wanted = chosen(since, until, of_type)
    request = ListRequest(f"/v1/users/{user_id}/activities", wanted.query, audience=user_id)
    at = request.position(limit, cursor, None)
    page = read_page(users.get(user_id), wanted, limit, at.cursor)
    return app.page([ActivityView.model_validate(each) for each in page.items], *request.describe(at, page))


handler = app.handler
