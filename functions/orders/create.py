"""POST /v1/orders: place an order."""

from lamina.errors import Conflict, Forbidden
from lamina.http import App, Envelope, Response
from lamina.http.errors import KeyRequired
from lamina.http.idempotency import idempotent_only
from lamina.orders import service
from lamina.orders.authorization import require_place
from lamina.orders.errors import CurrenciesMixed, ProductUnavailable, TotalTooLarge
from lamina.orders.schemas import OrderInput, OrderLinks, OrderView, etag, links, new_order, view

app = App(versioned=True, errors=(Forbidden, Conflict, ProductUnavailable, CurrenciesMixed, TotalTooLarge, KeyRequired))


@app.authorize
def authorize() -> None:
    """Allow everybody who is signed in."""
    require_place(app.caller)


@app.post("/v1/orders", summary="Place an order", status_code=201, middlewares=[idempotent_only])
def create_order(body: OrderInput) -> Response[Envelope[OrderView, OrderLinks]]:
    """Places an order of the caller at the prices of this moment. Its stock is reserved and its payment charged soon.

    Get the order, or receive `order.confirmed` and `order.rejected` by a webhook, to learn what became of it.
    """
    order = service.place(new_order(body), app.request_context, by=app.caller)
    return app.respond(view(order), etag=etag(order), links=links(order), created=True)


handler = app.handler
