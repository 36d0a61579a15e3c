"""GET /v1/users/{user_id}/activities: list a user's activities."""

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

SinceParameter = Annotated[Timestamp | None, Query(alias="from", description="Activities at or after this instant.")]
UntilParameter = Annotated[Timestamp | None, Query(alias="to", description="Activities before this instant.")]
TypeParameter = Annotated[
    TypeFilter | None, Query(alias="type", description="An event type, or a prefix that ends in `.*`.")
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
    """Returns a page of a user's activities, newest first. With `type`, a page may hold fewer items than `limit`."""
    require(app.caller, Action.USER_READ_ACTIVITIES, owner_id=user_id)
    wanted = chosen(since, until, of_type)
    request = ListRequest(f"/v1/users/{user_id}/activities", wanted.query, audience=user_id)
    at = request.position(limit, cursor, None)
    page = read_page(users.get(user_id), wanted, limit, at.cursor)
    return app.page([ActivityView.model_validate(each) for each in page.items], *request.describe(at, page))


handler = app.handler
