"""The latest orders of customers, so that those of a hundred customers take one call and not a query each.

Each customer has an item with the positions of its latest orders. It is derived: the projection adds an order before it
writes the order's entry for the first time. Orders stay with their customer and keep their instant, so that an order
may be added again, and in any sequence. The item says which orders to read and never who may see them.
"""

from collections.abc import Collection, Sequence

from lamina.errors import Conflict
from lamina.orders.entries import LatestOrdersItem, latest_key, list_source
from lamina.orders.model import Order
from lamina.storage.conditional import save
from lamina.storage.keys import identifier_of, list_position, value_of
from lamina.storage.sharded_list import Source, read
from lamina.users import service as users

KEPT = 20
"""Orders of a customer that are kept."""
ATTEMPTS = 8


def latest_of(customer_ids: Collection[str]) -> dict[str, Sequence[str]]:
    """Return ids of the latest orders of up to 100 customers, newest first: one call.

    The orders of a single customer are those that its list has at this moment.
    """
    if len(customer_ids) == 1:
        (customer_id,) = customer_ids
        source = Source(*list_source(customer_id, ""))
        return {customer_id: [identifier_of(each) for each in read(source, KEPT, descending=True).items]}
    items = LatestOrdersItem.batch_get([latest_key(customer_id) for customer_id in customer_ids])
    return {value_of(item.pk): [identifier_of(each) for each in item.positions] for item in items}


def add(order: Order) -> None:
    """Add an order to the latest of its customer, unless the customer has been purged. May be repeated.

    Raises:
        Conflict: if others keep updating them concurrently.
    """
    position = list_position(order.created_at, order.id)
    for _ in range(ATTEMPTS):
        item = _stored(order.customer_id)
        # Orders outlive their customer: a late event or a rebuild must not bring back what the purge has deleted.
        if item is None and not users.exists(order.customer_id):
            return
        item = item or LatestOrdersItem(*latest_key(order.customer_id))
        positions = sorted({position, *item.positions}, reverse=True)[:KEPT]
        if positions == item.positions:
            return
        item.positions = positions
        if save(item):
            return
    raise Conflict


def _stored(customer_id: str) -> LatestOrdersItem | None:
    try:
        return LatestOrdersItem.get(*latest_key(customer_id), consistent_read=True)
    except LatestOrdersItem.DoesNotExist:
        return None
