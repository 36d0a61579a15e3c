"""Lists of products: sorted or searched; by cursor or by page number."""

from collections.abc import Iterable

from lamina.access.policy import Caller
from lamina.products import caching, reading
from lamina.products.items import list_partitions, search_partitions
from lamina.products.model import StockedProduct
from lamina.products.queries import ProductQuery
from lamina.products.search_terms import words_of
from lamina.search_terms import terms
from lamina.storage.cursors import Cursor
from lamina.storage.keys import identifier_of
from lamina.storage.pages import START, Page, page_of
from lamina.storage.sharded_list import Chunk, Source, read
from lamina.storage.word_search import WordSearch


def list_products(
    query: ProductQuery, caller: Caller | None, limit: int, *, cursor: Cursor | None = None, offset: int = 0
) -> Page[StockedProduct]:
    """Return a page: a query per shard and a batch read for 50 products, whatever the size of the table.

    Customers get a first page without the queries while it is cached, and products that may be a second old, at half
    the read units; those who write products see them as they are.

    Args:
        query: the query.
        caller: the caller; None if nobody is signed in.
        limit: maximum number of products, 1 to 100.
        cursor: position to continue from.
        offset: number of products to skip; they are read and paid for, so callers limit it.
    """
    if not query.states:
        return Page([], "", "", has_more=False, has_previous=False)
    start, writes = cursor or START, reading.may_read_inactive(caller)

    def load(product_ids: Iterable[str]) -> dict[str, StockedProduct]:
        found = reading.get_readable(product_ids, caller, as_last_written=writes)
        return {product_id: each for product_id, each in found.items() if query.includes(each.product)}

    if query.search:
        partitions = [partition for state in query.states for partition in search_partitions(state)]
        search = WordSearch(terms(query.search), partitions, load, lambda each: words_of(each.product))
        return page_of(search.read(limit, start), start)
    if start == START and not offset and not writes:
        chunk = caching.first_page(query.sort, query.descending, limit)
    else:
        chunk = _read(query, limit, start, offset)
    page = page_of(chunk, start, offset=offset)
    identifiers = [identifier_of(position) for position in page.items]
    products = load(identifiers)
    return page.with_items(products[identifier] for identifier in identifiers if identifier in products)


def _read(query: ProductQuery, limit: int, start: Cursor, offset: int) -> Chunk[str]:
    source = Source("gsi1", [partition for state in query.states for partition in list_partitions(query.sort, state)])
    return read(source, limit, descending=query.descending != start.backwards, after=start.position, offset=offset)
