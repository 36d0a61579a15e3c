"""The events of an order's history, and the fold that makes an order of them. Pure: no I/O, no clock."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce

from lamina.orders.errors import InvalidTransition
from lamina.orders.model import FINAL, Line, Order, OrderStatus, Payment, PaymentStatus, Pieces, RejectionReason


@dataclass(frozen=True, kw_only=True)
class Placed:
    """The order was placed; the first event of every history."""

    at: str
    order_id: str
    customer_id: str
    lines: tuple[Line, ...]
    payment_method: str


@dataclass(frozen=True, kw_only=True)
class StockReserved:
    """The pieces of all lines were reserved."""

    at: str


@dataclass(frozen=True, kw_only=True)
class PaymentOpened:
    """A payment was opened at the provider, and may be charged from now on."""

    at: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class Paid:
    """The total was charged."""

    at: str


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """The reserved pieces were sold."""

    at: str


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """The system ended the order."""

    at: str
    reason: RejectionReason


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    """A person ended the order."""

    at: str
    by: str | None


@dataclass(frozen=True, kw_only=True)
class StockReleased:
    """The pieces that the order held can be ordered again."""

    at: str


@dataclass(frozen=True, kw_only=True)
class PaymentVoided:
    """The payment was cancelled, or refunded if it had been charged."""

    at: str
    refunded: bool


type Event = (
    Placed | StockReserved | PaymentOpened | Paid | Confirmed | Rejected | Cancelled | StockReleased | PaymentVoided
)

EVENTS: tuple[type[Event], ...] = (
    Placed,
    StockReserved,
    PaymentOpened,
    Paid,
    Confirmed,
    Rejected,
    Cancelled,
    StockReleased,
    PaymentVoided,
)


def fold(events: Iterable[Event], *, after: Order | None = None) -> Order:
    """Return the order that a history makes.

    Args:
        events: events in order; the first one is `Placed`, unless they continue `after`.
        after: the order that earlier events have made.

    Raises:
        InvalidTransition: if an event is not possible where it is in the history.
    """
    order = reduce(apply, events, after)
    if order is None:
        raise InvalidTransition("A history without events makes no order.")
    return order


def apply(order: Order | None, event: Event) -> Order:
    """Return the order after an event.

    Raises:
        InvalidTransition: if the event is not possible for this order.
    """
    if isinstance(event, Placed):
        if order is not None:
            raise InvalidTransition
        return _placed(event)
    if order is None or event.at <= order.updated_at or not is_possible(order, event):
        raise InvalidTransition
    return replace(_next(order, event), version=order.version + 1, updated_at=event.at)


def is_possible(order: Order, event: Event) -> bool:
    """Return whether an event may follow for an order."""
    return _POSSIBLE[type(event)](order)


_POSSIBLE: Mapping[type[Event], Callable[[Order], bool]] = {
    Placed: lambda _: False,
    StockReserved: lambda order: order.status == OrderStatus.PENDING,
    PaymentOpened: lambda order: (
        order.status == OrderStatus.RESERVED
        and order.payment.status == PaymentStatus.PENDING
        and order.total.amount > 0
    ),
    Paid: lambda order: (
        order.status == OrderStatus.RESERVED and (order.payment.status == PaymentStatus.OPEN or order.total.amount == 0)
    ),
    Confirmed: lambda order: order.status == OrderStatus.PAID,
    Rejected: lambda order: order.status in {OrderStatus.PENDING, OrderStatus.RESERVED},
    Cancelled: lambda order: order.status not in FINAL,
    StockReleased: lambda order: order.status in FINAL and order.pieces != Pieces.NONE,
    PaymentVoided: lambda order: order.owes,
}


def _placed(event: Placed) -> Order:
    return Order(
        id=event.order_id,
        customer_id=event.customer_id,
        lines=event.lines,
        payment=Payment(method=event.payment_method),
        created_at=event.at,
        updated_at=event.at,
    )


def _next(order: Order, event: Event) -> Order:
    return replace(
        order,
        status=_STATUS.get(type(event), order.status),
        pieces=_PIECES.get(type(event), order.pieces),
        reason=event.reason if isinstance(event, Rejected) else order.reason,
        payment=_next_payment(order, event),
    )


def _next_payment(order: Order, event: Event) -> Payment:
    payment = order.payment
    match event:
        case PaymentOpened(reference=reference):
            return replace(payment, status=PaymentStatus.OPEN, reference=reference)
        case Paid():
            # Nothing is charged for an order that costs nothing.
            return replace(payment, status=PaymentStatus.CHARGED) if order.total.amount else payment
        case PaymentVoided(refunded=refunded):
            return replace(payment, status=PaymentStatus.REFUNDED if refunded else PaymentStatus.CANCELLED)
        case _:
            return payment


_STATUS: Mapping[type[Event], OrderStatus] = {
    StockReserved: OrderStatus.RESERVED,
    Paid: OrderStatus.PAID,
    Confirmed: OrderStatus.CONFIRMED,
    Rejected: OrderStatus.REJECTED,
    Cancelled: OrderStatus.CANCELLED,
}
_PIECES: Mapping[type[Event], Pieces] = {
    StockReserved: Pieces.RESERVED,
    Confirmed: Pieces.SOLD,
    StockReleased: Pieces.NONE,
}
