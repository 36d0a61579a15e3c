"""POST /v1/orders/{order_id}/cancel: cancel an order."""

from lamina.access.policy import Action
from lamina.errors import Conflict, Forbidden
from lamina.http import App, Envelope, Id, Response
from lamina.orders import service
from lamina.orders.authorization import reach
from lamina.orders.errors import InvalidTransition, OrderNotFound
from lamina.orders.schemas import OrderLinks, OrderView, etag, links, view

app = App(versioned=True, errors=(Forbidden, OrderNotFound, Conflict, InvalidTransition))


@app.post("/v1/orders/<order_id>/cancel", summary="Cancel an order")
def cancel_order(order_id: Id) -> Response[Envelope[OrderView, OrderLinks]]:
    """Cancels an order that is neither rejected nor cancelled, also a confirmed one.

    Its pieces return to the stock, and what was charged is refunded, within seconds.
    """
    reach(app.caller, Action.ORDER_CANCEL, order_id)
    order = service.cancel(order_id, app.request_context)
    return app.respond(view(order), etag=etag(order), links=links(order))


handler = app.handler
