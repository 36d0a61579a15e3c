"""The event store of orders: an order is read from its events, and every change appends one.

An event is appended in one transaction with the head, whose version says which number is next, with what the event
does to other items, and with the event of the outbox. Two who append at the same time have the same number: one wins.
"""

from collections.abc import Iterator, Sequence

from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.orders.errors import OrderNotFound
from lamina.orders.events import Event, fold
from lamina.orders.items import HISTORY, SNAPSHOT_EVERY, HistoryItem, history_item, order_item, to_event, to_snapshot
from lamina.orders.model import Order
from lamina.storage import run_once, transactions
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.transactions import Change, Check


def load(order_id: str) -> Order:
    """Return an order as it is: one consistent query, which reads no further back than the last snapshot.

    Raises:
        OrderNotFound: if it does not exist.
        UnknownEvent: if later code has written to it.
    """
    events: list[Event] = []
    for item in _items(order_id, forward=False):
        snapshot = to_snapshot(item)
        if snapshot is not None:
            return fold(reversed(events), after=snapshot)
        events.append(to_event(item))
    if not events:
        raise OrderNotFound
    return fold(reversed(events))


def history(order_id: str) -> list[Event]:
    """Return all events of an order, the oldest first.

    Raises:
        OrderNotFound: if it does not exist.
        UnknownEvent: if later code has written to it.
    """
    events = [to_event(item) for item in _items(order_id, forward=True)]
    if not events:
        raise OrderNotFound
    return events


def as_of(order_id: str, instant: str) -> Order:
    """Return an order as it stood at an instant, in the format of `ids.now`: after every event up to it.

    Raises:
        OrderNotFound: if it did not exist yet.
        UnknownEvent: if later code has written to it.
    """
    events = [event for event in history(order_id) if event.at <= instant]
    if not events:
        raise OrderNotFound
    return fold(events)


def place(
    order: Order, event: Event, context: RequestContext, outbox: Sequence[OutboxItem], check: Sequence[Check]
) -> str:
    """Write the first event of an order, once for a request.

    Returns:
        The id of the order that this request has placed, now or in an earlier attempt.

    Raises:
        KeyReused, ConditionFailed, Conflict, Unavailable: see `run_once.write`.
    """
    earlier = run_once.write(context.request, order.id, _put(order, event, context, outbox), check=check)
    return earlier.id if earlier else order.id


def append(
    after: Order,
    event: Event,
    context: RequestContext,
    *,
    outbox: Sequence[OutboxItem] = (),
    change: Sequence[Change] = (),
) -> None:
    """Write an event of an order.

    Args:
        after: the order after the event; the stored one must have the version before.
        event: the event.
        context: what caused it.
        outbox: events that others receive.
        change: what the event does to items of other subjects.

    Raises:
        ConditionFailed: if others have appended meanwhile, or an item of `change` does not meet its condition.
        Conflict, Unavailable: see `transactions.write`.
    """
    transactions.write(put=_put(after, event, context, outbox), change=change)


def _put(after: Order, event: Event, context: RequestContext, outbox: Sequence[OutboxItem]) -> list[Item]:
    return [order_item(after), history_item(after, event, context.actor), *outbox]


def _items(order_id: str, *, forward: bool) -> Iterator[HistoryItem]:
    # The prefix is part of the key condition; a page holds all that is read up to a snapshot.
    return HistoryItem.query(
        key("ORDER", order_id),
        HistoryItem.sk.startswith(f"{HISTORY}#"),
        scan_index_forward=forward,
        consistent_read=True,
        page_size=SNAPSHOT_EVERY,
    )
