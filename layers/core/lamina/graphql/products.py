"""Resolvers of products."""

import asyncio

from lamina.errors import Invalid, Problem
from lamina.graphql.arguments import SkuArgument, identifier
from lamina.graphql.context import Context
from lamina.graphql.pages import NodePage, PageArguments, read_page
from lamina.graphql.schema import Model, Resolver
from lamina.money import Money
from lamina.products import reading
from lamina.products.errors import ProductNotFound
from lamina.products.listing import list_products
from lamina.products.model import Product, StockedProduct
from lamina.products.parameters import SearchText
from lamina.products.queries import product_query
from lamina.storage.list_cursors import ListCursors


class ProductsArguments(PageArguments):
    """The arguments of `products`."""

    active: bool | None = None
    search: SearchText = None


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


def products(context: Context, **arguments: object) -> NodePage:
    """Return a page of products. Its cursors are those of `GET /v1/products` with the same filters."""
    context.caching.is_shared = False
    wanted = ProductsArguments.of(arguments)
    query = product_query(context.reader, active=wanted.active, search=wanted.search)
    return read_page(
        wanted,
        ListCursors("/v1/products", query.filters, audience=query.audience),
        lambda limit, cursor: list_products(query, context.reader, limit, cursor=cursor),
    )


MODELS = {
    "Product": Model(Product, lambda found: found.product),
    "Money": Model(Money),
    "ProductPage": Model(NodePage),
}
RESOLVERS: dict[str, Resolver] = {
    "Query.product": product,
    "Query.products": products,
    "Product.stock": lambda found, _: found.stock.available,
}
