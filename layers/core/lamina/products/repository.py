"""Reads products with their stock."""

from collections.abc import Iterable

from lamina.products.items import (
    ProductItem,
    SkuItem,
    StockItem,
    product_key,
    sku_key,
    stock_key,
    to_product,
    to_stock,
)
from lamina.products.model import StockedProduct
from lamina.storage.item import Item
from lamina.storage.keys import value_of


def get_many(product_ids: Iterable[str], *, as_last_written: bool = True) -> dict[str, StockedProduct]:
    """Return up to 100 products by id; those that do not exist are omitted: one call for 50 of them.

    Unless they are needed as last written, they may be a second old, and cost half.
    """
    keys = [of(product_id) for product_id in product_ids for of in (product_key, stock_key)]
    found = {(item.pk, item.sk): item for item in Item.batch_get(keys, consistent_read=as_last_written)} if keys else {}
    products = [item for item in found.values() if isinstance(item, ProductItem)]
    stocks = {item.pk: item for item in found.values() if isinstance(item, StockItem)}
    return {
        value_of(item.pk): StockedProduct(to_product(item), to_stock(stocks[item.pk]))
        for item in products
        if item.pk in stocks
    }


def id_of(sku: str) -> str | None:
    """Return the id of the product with this SKU, None if it is free: one consistent read."""
    try:
        return str(SkuItem.get(*sku_key(sku), consistent_read=True).product_id)
    except SkuItem.DoesNotExist:
        return None
