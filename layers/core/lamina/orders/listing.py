"""Lists of orders: a read model that follows the orders within seconds."""

from collections.abc import Sequence

from lamina.orders import store
from lamina.orders.entries import OrderEntryItem, entry_key, list_source, to_order
from lamina.orders.model import Order
from lamina.orders.queries import OrderQuery
from lamina.storage.cursors import Cursor
from lamina.storage.keys import identifier_of, value_of
from lamina.storage.pages import START, Page, page_of
from lamina.storage.sharded_list import Source, read


def list_orders(query: OrderQuery, limit: int, *, cursor: Cursor | None = None, offset: int = 0) -> Page[Order]:
    """Return a page: a query per shard and a batch read, whatever the size of the table.

    Args:
        query: the query.
        limit: maximum number of orders, 1 to 100.
        cursor: position to continue from.
        offset: number of orders to skip; they are read and paid for, so callers limit it.
    """
    start = cursor or START
    source = Source(*list_source(query.customer_id, query.status))
    backwards = query.descending != start.backwards
    page = page_of(read(source, limit, descending=backwards, after=start.position, offset=offset), start, offset=offset)
    orders = get_many([identifier_of(position) for position in page.items])
    identifiers = (identifier_of(position) for position in page.items)
    found = (orders[identifier] for identifier in identifiers if identifier in orders)
    # The index shows an order for a moment in a state that it has left.
    return page.with_items(order for order in found if query.includes(order))


def get_many(order_ids: Sequence[str]) -> dict[str, Order]:
    """Return up to 100 orders as lists show them: one call. Orders that lists do not show yet are omitted."""
    items = OrderEntryItem.batch_get([entry_key(order_id) for order_id in order_ids]) if order_ids else ()
    found = {value_of(item.pk): to_order(item) for item in items}
    # An entry that earlier code has written in another form is read from the history, until it is projected again.
    return {order_id: order or store.load(order_id) for order_id, order in found.items()}
