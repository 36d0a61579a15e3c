"""GET /v1/users: list, filter and search users."""

from typing import Annotated

from lamina.access.policy import Action, Role, may, require
from lamina.errors import Forbidden
from lamina.fields import QueryBoolean
from lamina.http import App, ListEnvelope, Query, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest, PageParameter
from lamina.users.listing import list_users
from lamina.users.model import Status
from lamina.users.queries import Sort, user_query
from lamina.users.schemas import PublicProfile, UserView, view

app = App(errors=(Forbidden,))

SortParameter = Annotated[
    Sort | None,
    Query(description="Order; `-` for descending. Newest first by default. Not together with `search`."),
]
RoleFilter = Annotated[Role | None, Query(description="Only this role. For admins.")]
StatusFilter = Annotated[Status | None, Query(description="Only this status. For admins.")]
SearchText = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=100,
        description="Starts of words of name, username and, for admins, e-mail address; every term must match.",
    ),
]
DeletedFilter = Annotated[QueryBoolean, Query(description="The deleted users instead. For admins.")]


@app.get("/v1/users", summary="List users")
def get_users(
    sort: SortParameter = None,
    role: RoleFilter = None,
    status: StatusFilter = None,
    search: SearchText = None,
    deleted: DeletedFilter = False,
    limit: LimitParameter = 20,
    cursor: CursorParameter = None,
    page: PageParameter = None,
) -> Response[ListEnvelope[UserView | PublicProfile]]:
    """Answer a page of users. Only admins may filter, sort or search by what a public profile hides."""
    require(app.caller, Action.USER_LIST)
    private = may(app.caller, Action.USER_LIST_PRIVATE)
    query = user_query(sort=sort, role=role, status=status, search=search, deleted=deleted, page=page, private=private)
    request = ListRequest("/v1/users", query.filters, audience="private" if private else "public")
    at = request.position(limit, cursor, page)
    found = list_users(query, limit, cursor=at.cursor, offset=at.offset)
    return app.page([view(user, app.caller) for user in found.items], *request.describe(at, found))


handler = app.handler
