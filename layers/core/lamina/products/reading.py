"""Reads products for a caller: what it may not see is not found."""

from collections.abc import Iterable

from lamina.access.policy import Action, Caller, may
from lamina.products import repository
from lamina.products.errors import ProductNotFound
from lamina.products.model import Product, StockedProduct


def may_read(caller: Caller | None, product: Product) -> bool:
    """Return whether a caller, or somebody who is not signed in, may read a product."""
    return product.active or may_read_inactive(caller)


def may_read_inactive(caller: Caller | None) -> bool:
    """Return whether a caller may read products that are not for sale."""
    return caller is not None and may(caller, Action.PRODUCT_READ_INACTIVE)


def get(product_id: str, caller: Caller | None) -> StockedProduct:
    """Return a product: one call.

    Raises:
        ProductNotFound: if it does not exist, or it is not for sale and the caller may not know that it exists.
    """
    found = get_readable([product_id], caller).get(product_id)
    if found is None:
        raise ProductNotFound
    return found


def get_by_sku(sku: str, caller: Caller | None) -> StockedProduct:
    """Return the product with a SKU, in any case: two calls.

    Raises:
        ProductNotFound: see `get`.
    """
    return get(find_by_sku(sku), caller)


def find_by_sku(sku: str) -> str:
    """Return the id of the product with a SKU, in any case; whether the caller may read it is not checked.

    Raises:
        ProductNotFound: if there is none.
    """
    product_id = repository.id_of(sku)
    if product_id is None:
        raise ProductNotFound
    return product_id


def get_readable(
    product_ids: Iterable[str], caller: Caller | None, *, as_last_written: bool = True
) -> dict[str, StockedProduct]:
    """Return those of up to 100 products that a caller may read; see `repository.get_many`."""
    found = repository.get_many(product_ids, as_last_written=as_last_written)
    return {product_id: each for product_id, each in found.items() if may_read(caller, each.product)}
