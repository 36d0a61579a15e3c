"""PATCH /v1/products/{product_id}: update a product."""

from lamina.access.policy import Action, require
from lamina.http import MERGE_PATCH, App, Envelope, Id, Response
from lamina.products import service
from lamina.products.errors import CHANGE_ERRORS
from lamina.products.schemas import ProductChange, ProductLinks, ProductView, etag, links, view

app = App(versioned=True, media_types=MERGE_PATCH, errors=CHANGE_ERRORS)


@app.authorize
def authorize() -> None:
    """Allow callers who may write."""
    require(app.caller, Action.PRODUCT_UPDATE)


@app.patch("/v1/products/<product_id>", summary="Update a product")
def update_product(product_id: Id, body: ProductChange) -> Response[Envelope[ProductView, ProductLinks]]:
    """Updates the fields that are sent. Orders keep the name and the price that they were placed with."""
    changes = body.model_dump(exclude_unset=True)
    condition = app.if_version(product_id)
    product = service.update(product_id, changes, app.request_context, if_version=condition, by=app.caller)
    return app.respond(view(product), etag=etag(product), links=links(product))


handler = app.handler
