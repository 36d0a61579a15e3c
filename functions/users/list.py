"""GET /v1/users: list, filter and search users."""

from typing import Annotated

from lamina.access.policy import Action, Role, may, require
from lamina.errors import Forbidden
from lamina.fields import QueryBoolean
from lamina.http import App, ListEnvelope, Query, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest, PageParameter
from lamina.users.listing import list_users
from lamina.users.model import Status
from lamina.users.parameters import SearchText
from lamina.users.queries import UserSort, user_query
from lamina.users.schemas import PublicProfile, UserView, view

app = App(errors=(Forbidden,))

SortParameter = Annotated[
    UserSort | None,
    Query(description="Sort field, `-` for descending; default: newest first. Cannot be combined with `search`."),
]
RoleFilter = Annotated[Role | None, Query(description="Only users with this role. Admins only.")]
StatusFilter = Annotated[Status | None, Query(description="Only users with this status. Admins only.")]
DeletedFilter = Annotated[QueryBoolean, Query(description="Return deleted users instead. Admins only.")]


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
    """Returns a page of users. Filtering, sorting or searching by fields that are not public requires an admin."""
    require(app.caller, Action.USER_LIST)
    private = may(app.caller, Action.USER_LIST_PRIVATE)
    query = user_query(sort=sort, role=role, status=status, search=search, deleted=deleted, page=page, private=private)
    request = ListRequest("/v1/users", query.filters, audience="private" if private else "public")
    at = request.position(limit, cursor, page)
    found = list_users(query, limit, cursor=at.cursor, offset=at.offset)
    return app.page([view(user, app.caller) for user in found.items], *request.describe(at, found))


handler = app.handler
