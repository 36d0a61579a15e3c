"""Resolvers of products."""

import asyncio
from dataclasses import dataclass

from lamina.errors import Invalid, Problem
from lamina.graphql.arguments import ProductsArguments, SkuArgument, identifier
from lamina.graphql.context import Context
from lamina.graphql.schema import Model, Resolver
from lamina.money import Money
from lamina.products import reading
from lamina.products.errors import ProductNotFound
from lamina.products.listing import list_products
from lamina.products.model import Product, StockedProduct
from lamina.products.queries import product_query
from lamina.storage.list_cursors import ListCursors


@dataclass(frozen=True)
class ProductPage:
    """A page of products.

    Attributes:
        nodes: the products.
        next_cursor: position of the next page; None on the last one.
        has_more: whether another page follows.
    """

    nodes: list[StockedProduct]
    next_cursor: str | None
    has_more: bool


async def product(context: Context, id: str | None = None, sku: str | None = None) -> StockedProduct:  # noqa: A002
    """Return a product by its id or by its SKU."""
    context.caching.is_shared = False
    if (id is None) is (sku is None):
        raise Invalid("Set either id or sku.", details=[Problem("id", "set either id or sku")])
    product_id = identifier(id) if id is not None else await _id_of(sku)
    found = await context.loaders.products.load(product_id)
    if found is None:
        raise ProductNotFound
    return found


async def _id_of(sku: str | None) -> str:
    return await asyncio.to_thread(reading.find_by_sku, SkuArgument.of({"sku": sku}).sku)


def products(context: Context, **arguments: object) -> ProductPage:
    """Return a page of products. Its cursors are those of `GET /v1/products` with the same filters."""
    context.caching.is_shared = False
    wanted = ProductsArguments.of(arguments)
    query = product_query(context.reader, active=wanted.active, search=wanted.search)
    cursors = ListCursors("/v1/products", query.filters, audience=query.audience)
    try:
        cursor = cursors.read(wanted.after) if wanted.after else None
    except Invalid:
        raise Invalid(details=[Problem("after", "is not a nextCursor of this query with the same filters")]) from None
    found = list_products(query, context.reader, wanted.first, cursor=cursor)
    return ProductPage(found.items, cursors.following(found.last, has_more=found.has_more), found.has_more)


MODELS = {
    "Product": Model(Product, lambda found: found.product),
    "Money": Model(Money),
    "ProductPage": Model(ProductPage),
}
RESOLVERS: dict[str, Resolver] = {
    "Query.product": product,
    "Query.products": products,
    "Product.stock": lambda found, _: found.stock.available,
}
