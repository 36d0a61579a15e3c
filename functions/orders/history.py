"""GET /v1/orders/{order_id}/history: get the history of an order."""

from typing import Annotated

from lamina.errors import Forbidden
from lamina.fields import Timestamp
from lamina.http import App, Envelope, Id, Query, Response
from lamina.orders import history
from lamina.orders.errors import OrderNotFound
from lamina.orders.schemas import HistoryLinks, HistoryView, etag, history_links, history_view

AsOfParameter = Annotated[Timestamp | None, Query(description="An instant; without it, the history up to now.")]

app = App(versioned=True, errors=(Forbidden, OrderNotFound))


@app.get("/v1/orders/<order_id>/history", summary="Get the history of an order")
def get_history(order_id: Id, as_of: AsOfParameter = None) -> Response[Envelope[HistoryView, HistoryLinks]]:
    """Returns the events of an order up to an instant, the oldest first, and the order as it stood then.

    It is 404 if the order was not placed yet.
    """
    entries = history.read(order_id, app.caller, as_of)
    order = entries[-1].order
    return app.respond(history_view(entries, as_of), etag=etag(order), links=history_links(order))


handler = app.handler
