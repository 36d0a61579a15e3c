"""GET /v1/users/{user_id}/orders: list the orders of a user."""

from lamina.errors import Forbidden, NotFound
from lamina.http import App, Id, ListEnvelope, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest, PageParameter
from lamina.orders.listing import list_orders
from lamina.orders.parameters import SortParameter, StatusFilter
from lamina.orders.queries import order_query
from lamina.orders.schemas import OrderView, page_etag, view
from lamina.users import service as users

app = App(versioned=True, errors=(Forbidden, NotFound))


@app.get("/v1/users/<user_id>/orders", summary="List the orders of a user")
def get_orders_of_user(
    user_id: Id,
    status: StatusFilter = None,
    sort: SortParameter = None,
    limit: LimitParameter = 20,
    cursor: CursorParameter = None,
    page: PageParameter = None,
) -> Response[ListEnvelope[OrderView]]:
    """Returns a page of a user's orders, newest first, to the user and to admins.

    The list follows the orders within seconds. With `status`, a page may have fewer orders than `limit` although there
    are more.
    """
    query = order_query(app.caller, customer_id=user_id, status=status, sort=sort)
    users.get(user_id)
    filters = {name: value for name, value in query.filters.items() if name != "customer_id"}
    request = ListRequest(f"/v1/users/{user_id}/orders", filters, audience=query.audience)
    at = request.position(limit, cursor, page)
    found = list_orders(query, limit, cursor=at.cursor, offset=at.offset)
    return app.page(list(map(view, found.items)), *request.describe(at, found), etag=page_etag(found))


handler = app.handler
