"""POST /v1/products/{product_id}/stock: change the stock of a product."""

from lamina.access.policy import Action, require
from lamina.http import App, Envelope, Id, Response
from lamina.http.idempotency import idempotent
from lamina.products import inventory
from lamina.products.errors import CHANGE_ERRORS, OutOfStock, StockTooLarge
from lamina.products.schemas import ProductLinks, ProductView, StockChangeInput, etag, links, view

app = App(versioned=True, errors=(*CHANGE_ERRORS, OutOfStock, StockTooLarge))


@app.authorize
def authorize() -> None:
    """Allow callers who may write."""
    require(app.caller, Action.PRODUCT_CHANGE_STOCK)


@app.post("/v1/products/<product_id>/stock", summary="Change the stock of a product", middlewares=[idempotent])
def change_stock(product_id: Id, body: StockChangeInput) -> Response[Envelope[ProductView, ProductLinks]]:
    """Adds pieces to the stock, or removes some. Send an `Idempotency-Key` to be able to retry.

    The stock never falls below zero. The change and its reason are kept in the stock ledger.
    """
    product = inventory.change_stock(
        product_id,
        body.change,
        body.reason,
        app.request_context,
        if_version=app.if_version(product_id),
        by=app.caller,
    )
    return app.respond(view(product), etag=etag(product), links=links(product))


handler = app.handler
