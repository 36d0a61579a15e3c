"""DELETE /v1/products/{product_id}: delete a product."""

from lamina.access.policy import Action, require
from lamina.http import App, Id, Response
from lamina.products import service
from lamina.products.errors import CHANGE_ERRORS

app = App(versioned=True, errors=CHANGE_ERRORS)


@app.authorize
def authorize() -> None:
    """Allow callers who may delete."""
    require(app.caller, Action.PRODUCT_DELETE)


@app.delete("/v1/products/<product_id>", summary="Delete a product", status_code=204)
def delete_product(product_id: Id) -> Response[None]:
    """Sets `active` to false: the product is not for sale any more. It keeps its SKU, and orders keep the product."""
    service.delete(product_id, app.request_context, if_version=app.if_version(product_id), by=app.caller)
    return app.no_content()


handler = app.handler
