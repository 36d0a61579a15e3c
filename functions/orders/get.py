"""GET /v1/orders/{order_id}: get an order."""

from lamina.access.policy import Action
from lamina.errors import Forbidden
from lamina.http import App, Envelope, Id, Response
from lamina.orders.authorization import reach
from lamina.orders.errors import OrderNotFound
from lamina.orders.schemas import OrderLinks, OrderView, etag, links, view

app = App(versioned=True, errors=(Forbidden, OrderNotFound))


@app.get("/v1/orders/<order_id>", summary="Get an order")
def get_order(order_id: Id) -> Response[Envelope[OrderView, OrderLinks]]:
    """Returns an order, as it is at this moment, to its customer and to admins."""
    order = reach(app.caller, Action.ORDER_READ, order_id)
    return app.respond(view(order), etag=etag(order), links=links(order))


handler = app.handler
