"""POST /v1/products: create a product."""

from lamina.access.policy import Action, require
from lamina.errors import Conflict, Forbidden
from lamina.http import App, Envelope, Response
from lamina.http.idempotency import idempotent
from lamina.products import service
from lamina.products.errors import SkuTaken
from lamina.products.schemas import ProductInput, ProductLinks, ProductView, etag, links, new_product, view

app = App(versioned=True, errors=(Forbidden, SkuTaken, Conflict))


@app.authorize
def authorize() -> None:
    """Allow callers who may write."""
    require(app.caller, Action.PRODUCT_CREATE)


@app.post("/v1/products", summary="Create a product", status_code=201, middlewares=[idempotent])
def create_product(body: ProductInput) -> Response[Envelope[ProductView, ProductLinks]]:
    """Creates a product with its first stock. It is for sale unless `active` is false."""
    product = service.create(new_product(body), app.request_context, by=app.caller)
    return app.respond(view(product), etag=etag(product), links=links(product), created=True)


handler = app.handler
