"""Updates the read models of an order to its history: its entry, the latest of its customer, the sales of its products.

Events only say that an order has changed: what is written is the order as it is by then, if it is newer than the entry.
So events may come twice, late and in any order. The entry says what the order has contributed to the sales, and both
are written in one transaction: each contribution is added once, and taken back once.
"""

from datetime import UTC, datetime

from lamina.errors import Conflict
from lamina.events.envelope import Event
from lamina.events.redelivery import Postponed
from lamina.observability.logs import logger
from lamina.observability.metrics import timed
from lamina.orders import latest, store
from lamina.orders.entries import NOTHING, OrderEntryItem, entry_item, entry_key, sales_change, sales_of
from lamina.orders.errors import OrderNotFound
from lamina.orders.model import FINAL, Order
from lamina.storage import transactions
from lamina.storage.transactions import ConditionFailed, Update

ATTEMPTS = 8
UNSETTLED_SECONDS = 2
"""How soon an order that has ended and still holds something is read again: its last events are not published."""


def follow(event: Event) -> None:
    """Update the read models to the order of an event.

    Raises:
        Postponed: while the order has ended, and something that it holds is still to be given back.
        Conflict: if others keep updating them concurrently.
    """
    try:
        order = project(event["subject"])
    except OrderNotFound:
        return
    if order.status in FINAL and not order.is_settled:
        raise Postponed(UNSETTLED_SECONDS)


def project(order_id: str) -> Order:
    """Update the read models to an order as it is. May be repeated, and in any order.

    Returns:
        The order as lists show it now.

    Raises:
        OrderNotFound: if it does not exist.
        Conflict: if others keep updating them concurrently.
    """
    for _ in range(ATTEMPTS):
        # The entry first: an order that is read later is not older.
        stored = stored_entry(order_id)
        order = store.load(order_id)
        entry = entry_item(order, stored)
        if stored is not None and stored.attribute_values == entry.attribute_values:
            return order
        if stored is None:
            latest.add(order)  # first: the next attempt, after a crash, would find the entry and not come here
        try:
            transactions.write(put=[entry], update=_sales_changes(stored, order))
        except ConditionFailed:
            continue
        _report(order)
        return order
    raise Conflict


def stored_entry(order_id: str) -> OrderEntryItem | None:
    """Return the entry of an order, None if there is none yet: one consistent read."""
    try:
        return OrderEntryItem.get(*entry_key(order_id), consistent_read=True)
    except OrderEntryItem.DoesNotExist:
        return None


def _sales_changes(stored: OrderEntryItem | None, order: Order) -> list[Update]:
    """Return the changes of sales from what the entry has contributed to what the order contributes."""
    before = sales_of(order, stored.status) if stored else {}
    after = sales_of(order, order.status)
    changes = {of: after.get(of, NOTHING).minus(before.get(of, NOTHING)) for of in before | after}
    return [sales_change(of, change) for of, change in changes.items() if change != NOTHING]


def _report(order: Order) -> None:
    lag = (datetime.now(UTC) - datetime.fromisoformat(order.updated_at)).total_seconds()
    fields = {"order_version": order.version, "projection_lag": max(round(lag * 1000), 0)}
    logger.info("order projected", extra={**fields, **timed("projection_lag", by=("service",))})
