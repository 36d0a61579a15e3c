"""Rebuilds the read models of orders from the histories, while the stack serves.

All orders are in two lists by their last event. Each is projected as after an event, so that its entry is as its
history says. The sales of products are compared with the sum over all orders: an entry and its sales are one
transaction, so sales whose version is as it was before the first of their orders was read are wrong if they differ, and
are replaced under that version. Sales that change meanwhile are left to another pass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lamina.orders import latest, projecting
from lamina.orders.entries import (
    NOTHING,
    ProductSalesItem,
    Sales,
    SalesKey,
    sales_item_key,
    sales_of,
    stored_sales,
    to_sales,
)
from lamina.orders.items import settled_partitions, unsettled_partitions
from lamina.orders.model import Order
from lamina.storage import transactions
from lamina.storage.keys import identifier_of
from lamina.storage.sharded_list import Source, read
from lamina.storage.transactions import ConditionFailed

STEP = 100
PASSES = 5
"""How often all orders are read, while sales change meanwhile."""


@dataclass
class Progress:
    """How far it is.

    Attributes:
        orders: number of orders that were read in this pass.
        corrected: number of sales that were replaced.
        unsure: sales that changed during the last pass, and so could not be compared.
    """

    orders: int = 0
    corrected: int = 0
    unsure: list[SalesKey] = field(default_factory=list)


@dataclass
class _Pass:
    """Sales before the first order with their product was read, and the sum over the orders since."""

    before: dict[SalesKey, ProductSalesItem | None] = field(default_factory=dict)
    sums: dict[SalesKey, Sales] = field(default_factory=dict)


def rebuild() -> Iterator[Progress]:
    """Rebuild the read models, and yield the progress after each order and pass."""
    progress = Progress()
    for _ in range(PASSES):
        found, progress.orders = _Pass(), 0
        for order_id in _order_ids():
            _read(order_id, found)
            progress.orders += 1
            yield progress
        _compare(found, progress)
        yield progress
        if not progress.unsure:
            return


def _order_ids() -> Iterator[str]:
    """Yield the ids of all orders, once each.

    An order that leaves a list while they are read has changed, and so its sales are compared in another pass.
    """
    unsettled = set(_listed(unsettled_partitions()))
    yield from unsettled
    for order_id in _listed(settled_partitions()):
        if order_id not in unsettled:
            yield order_id


def _listed(partitions: Sequence[str]) -> Iterator[str]:
    after, more = "", True
    while more:
        chunk = read(Source("gsi1", partitions), STEP, descending=False, after=after)
        yield from map(identifier_of, chunk.items)
        after, more = chunk.last, chunk.more


def _read(order_id: str, found: _Pass) -> None:
    order = projecting.project(order_id)
    latest.add(order)
    new = [of for of in _keys(order) if of not in found.before]
    if new:
        stored = stored_sales(new)
        found.before.update({of: stored.get(of) for of in new})
        order = projecting.project(order_id)
    for of, sales in sales_of(order, order.status).items():
        found.sums[of] = found.sums.get(of, NOTHING).plus(sales)


def _keys(order: Order) -> list[SalesKey]:
    return [(line.product_id, order.total.currency) for line in order.lines]


def _compare(found: _Pass, progress: Progress) -> None:
    progress.unsure = []
    for of, before in found.before.items():
        expected = found.sums.get(of, NOTHING)
        if expected == (to_sales(before) if before else NOTHING):
            continue
        if _replace(of, before, expected):
            progress.corrected += 1
        else:
            progress.unsure.append(of)


def _replace(of: SalesKey, before: ProductSalesItem | None, sales: Sales) -> bool:
    """Replace sales if they are as they were, and return whether they are."""
    item = before or ProductSalesItem(*sales_item_key(of))
    item.orders, item.pieces, item.revenue = sales.orders, sales.pieces, sales.revenue
    try:
        transactions.write(put=[item])
    except ConditionFailed:
        return False
    return True
