"""GET /v1/orders: list orders."""

from lamina.errors import Forbidden
from lamina.http import App, ListEnvelope, Response
from lamina.http.listing import CursorParameter, LimitParameter, ListRequest, PageParameter
from lamina.orders.listing import list_orders
from lamina.orders.parameters import CustomerFilter, SortParameter, StatusFilter
from lamina.orders.queries import order_query
from lamina.orders.schemas import OrderView, page_etag, view

app = App(versioned=True, errors=(Forbidden,))


@app.get("/v1/orders", summary="List orders")
def get_orders(
    status: StatusFilter = None,
    customer_id: CustomerFilter = None,
    sort: SortParameter = None,
    limit: LimitParameter = 20,
    cursor: CursorParameter = None,
    page: PageParameter = None,
) -> Response[ListEnvelope[OrderView]]:
    """Returns a page of the caller's orders, newest first; admins see those of all customers.

    The list follows the orders within seconds; `GET /v1/orders/{order_id}` returns an order as it is. With `status`, a
    page may have fewer orders than `limit` although there are more.
    """
    query = order_query(app.caller, customer_id=customer_id, status=status, sort=sort)
    request = ListRequest("/v1/orders", query.filters, audience=query.audience)
    at = request.position(limit, cursor, page)
    found = list_orders(query, limit, cursor=at.cursor, offset=at.offset)
    return app.page(list(map(view, found.items)), *request.describe(at, found), etag=page_etag(found))


handler = app.handler
