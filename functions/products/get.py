"""GET /v1/products/{product_id}: get a product."""

from lamina.http import App, Envelope, Id, Response
from lamina.products import reading
from lamina.products.errors import ProductNotFound
from lamina.products.schemas import ProductLinks, ProductView, etag, links, view

app = App(public=True, personal=True, versioned=True, errors=(ProductNotFound,))


@app.get("/v1/products/<product_id>", summary="Get a product")
def get_product(product_id: Id) -> Response[Envelope[ProductView, ProductLinks]]:
    """Returns a product that is for sale to everybody, and any product to callers who may write products."""
    product = reading.get(product_id, app.reader)
    return app.respond(view(product), etag=etag(product), links=links(product))


handler = app.handler
