"""Decides which event a step appends to an order, if any. Pure: no I/O, no clock.

Each function returns None if the order is past the step, or if it has ended otherwise: a repeated step, or one that
lost a race, changes nothing, and its caller reads from the status what has happened. A step that comes too early, and a
cancellation of an order that has ended, are invalid transitions.
"""

from datetime import datetime, timedelta

from lamina.ids import stamp
from lamina.orders.errors import InvalidTransition
from lamina.orders.events import (
    Cancelled,
    Confirmed,
    Event,
    Paid,
    PaymentOpened,
    PaymentVoided,
    Rejected,
    StockReleased,
    StockReserved,
    is_possible,
)
from lamina.orders.model import FINAL, Order, OrderStatus, PaymentStatus, Pieces, RejectionReason

BEFORE_RESERVATION = frozenset({OrderStatus.PENDING})
BEFORE_CHARGE = frozenset({OrderStatus.PENDING, OrderStatus.RESERVED})


def instant_after(order: Order, now: str) -> str:
    """Return the instant of the next event: now, or just after the last event if a clock runs behind."""
    if now > order.updated_at:
        return now
    return stamp(datetime.fromisoformat(order.updated_at) + timedelta(microseconds=1))


def reserve(order: Order, at: str) -> Event | None:
    """Reserve the pieces of a pending order."""
    return StockReserved(at=at) if order.status == OrderStatus.PENDING else None


def open_payment(order: Order, at: str, reference: str) -> Event | None:
    """Record the payment that was opened for a reserved order.

    Raises:
        InvalidTransition: if the order is not reserved yet, costs nothing, or has another payment.
    """
    if order.payment.reference:
        if order.payment.reference != reference:
            raise InvalidTransition
        return None
    return None if order.status in FINAL else _allowed(order, PaymentOpened(at=at, reference=reference))


def pay(order: Order, at: str, reference: str) -> Event | None:
    """Record that the payment of a reserved order was charged.

    Raises:
        InvalidTransition: if the order has no such payment.
    """
    if order.payment.reference != reference:
        raise InvalidTransition
    if order.status not in BEFORE_CHARGE:
        return None
    return _allowed(order, Paid(at=at))


def confirm(order: Order, at: str) -> Event | None:
    """Sell the pieces of a paid order.

    Raises:
        InvalidTransition: if it is not paid yet.
    """
    if order.status == OrderStatus.CONFIRMED or order.status in FINAL:
        return None
    return _allowed(order, Confirmed(at=at))


def reject(order: Order, at: str, reason: RejectionReason) -> Event | None:
    """Reject an order that is not paid; a paid one is never rejected, and a reserved one is not out of stock."""
    rejectable = BEFORE_RESERVATION if reason == RejectionReason.OUT_OF_STOCK else BEFORE_CHARGE
    return Rejected(at=at, reason=reason) if order.status in rejectable else None


def expire(order: Order, at: str, placed_before: str) -> Event | None:
    """Reject an order that was placed before an instant and is not paid."""
    return reject(order, at, RejectionReason.EXPIRED) if order.created_at < placed_before else None


def cancel(order: Order, at: str, by: str | None) -> Event:
    """Cancel an order that has not ended.

    Raises:
        InvalidTransition: if it is rejected or cancelled.
    """
    return _allowed(order, Cancelled(at=at, by=by))


def release(order: Order, at: str) -> Event | None:
    """Return the pieces of an order that has ended to the stock.

    Raises:
        InvalidTransition: if it has not ended.
    """
    if order.status in FINAL and order.pieces == Pieces.NONE:
        return None
    return _allowed(order, StockReleased(at=at))


def void(order: Order, at: str, *, refunded: bool) -> Event | None:
    """Record that the payment of an order that has ended was cancelled or refunded.

    Raises:
        InvalidTransition: if it has not ended.
    """
    settled = {PaymentStatus.PENDING, PaymentStatus.CANCELLED, PaymentStatus.REFUNDED}
    if order.status in FINAL and order.payment.status in settled:
        return None
    return _allowed(order, PaymentVoided(at=at, refunded=refunded))


def _allowed[E: Event](order: Order, event: E) -> E:
    if not is_possible(order, event):
        raise InvalidTransition
    return event
