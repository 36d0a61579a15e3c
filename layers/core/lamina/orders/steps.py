"""The steps of an order from placed to settled, each one conditional transaction.

Every step may be repeated, in any order, by several at once, and after a crash anywhere: applied to an order that is
past it, or that has ended otherwise, it returns the order unchanged. Its caller reads from the order what has happened.
Whoever charges or refunds calls the provider between two steps: a payment is recorded before it is charged
(`open_payment`), and an order that has ended `owes` until its payment is voided.
"""

from collections.abc import Callable, Sequence

from lamina import ids
from lamina.errors import Conflict
from lamina.events.request_context import RequestContext
from lamina.orders import store, transitions
from lamina.orders.events import Confirmed, Event, StockReleased, StockReserved, apply
from lamina.orders.items import order_key
from lamina.orders.model import Line, Order, Pieces, RejectionReason
from lamina.orders.outbox import outbox_of
from lamina.products import inventory
from lamina.storage.transactions import Change, ConditionFailed

ATTEMPTS = 8
"""Number of attempts of a step if the order or the stock of its products is changed concurrently."""

type Decide = Callable[[Order, str], Event | None]
"""Returns the event that a step appends to an order at an instant; None if it changes nothing."""


class Unreservable(Exception):
    """Some products do not have as many pieces as the order has."""


def reserve(order_id: str, context: RequestContext) -> Order:
    """Reserve the pieces of all lines, or reject the order because a product has too few.

    Raises:
        OrderNotFound: if the order does not exist.
        Conflict: if the order or the stock keeps being changed concurrently.
    """
    try:
        return take(order_id, transitions.reserve, context)
    except Unreservable:
        return reject(order_id, RejectionReason.OUT_OF_STOCK, context)


def open_payment(order_id: str, reference: str, context: RequestContext) -> Order:
    """Record the payment that was opened at the provider. Charge it only if the returned order has its reference.

    Raises:
        InvalidTransition: if the order is not reserved yet, costs nothing, or has another payment.
        OrderNotFound, Conflict: see `reserve`.
    """
    return take(order_id, lambda order, at: transitions.open_payment(order, at, reference), context)


def mark_paid(order_id: str, reference: str, context: RequestContext) -> Order:
    """Record that the payment was charged; an order that costs nothing is paid with the reference `""`.

    Raises:
        InvalidTransition: if the order has no such payment.
        OrderNotFound, Conflict: see `reserve`.
    """
    return take(order_id, lambda order, at: transitions.pay(order, at, reference), context)


def confirm(order_id: str, context: RequestContext) -> Order:
    """Sell the reserved pieces of a paid order.

    Raises:
        InvalidTransition: if it is not paid yet.
        OrderNotFound, Conflict: see `reserve`.
    """
    return take(order_id, transitions.confirm, context)


def reject(order_id: str, reason: RejectionReason, context: RequestContext) -> Order:
    """Reject an order that is not paid.

    Raises:
        OrderNotFound, Conflict: see `reserve`.
    """
    return take(order_id, lambda order, at: transitions.reject(order, at, reason), context)


def expire(order_id: str, placed_before: str, context: RequestContext) -> Order:
    """Reject an order that was placed before an instant and is not paid.

    Raises:
        OrderNotFound, Conflict: see `reserve`.
    """
    return take(order_id, lambda order, at: transitions.expire(order, at, placed_before), context)


def release(order_id: str, context: RequestContext) -> Order:
    """Return the pieces of an order that has ended to the stock, whether they were reserved or sold.

    Raises:
        InvalidTransition: if the order has not ended.
        OrderNotFound, Conflict: see `reserve`.
    """
    return take(order_id, transitions.release, context)


def mark_voided(order_id: str, context: RequestContext, *, refunded: bool) -> Order:
    """Record that the payment of an order that has ended was cancelled, or refunded.

    Raises:
        InvalidTransition: if the order has not ended.
        OrderNotFound, Conflict: see `reserve`.
    """
    return take(order_id, lambda order, at: transitions.void(order, at, refunded=refunded), context)


def take(order_id: str, decide: Decide, context: RequestContext) -> Order:
    """Append the event that a step decides on, with what it does to the stock, and return the order.

    Raises:
        Unreservable: if products have too few pieces.
        OrderNotFound: if the order does not exist.
        Conflict: if the order or the stock keeps being changed concurrently.
    """
    for _ in range(ATTEMPTS):
        before = store.load(order_id)
        event = decide(before, transitions.instant_after(before, ids.now()))
        if event is None:
            return before
        after = apply(before, event)
        try:
            store.append(after, event, context, outbox=outbox_of(after, event, context), change=_changes(before, event))
        except ConditionFailed as refused:
            if order_key(order_id) in refused.found:
                continue
            if isinstance(event, StockReserved):
                raise Unreservable from None
            raise
        except Conflict:
            continue
        return after
    raise Conflict


def _changes(before: Order, event: Event) -> Sequence[Change]:
    """Return what an event does to the stock of the products of an order."""
    match event:
        case StockReserved():
            move = inventory.reserve
        case Confirmed():
            move = inventory.sell
        case StockReleased():
            move = inventory.take_back if before.pieces == Pieces.SOLD else inventory.release
        case _:
            return ()
    return [_of(line, move) for line in before.lines]


def _of(line: Line, move: Callable[[str, int], Change]) -> Change:
    return move(line.product_id, line.quantity)
