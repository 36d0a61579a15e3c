"""The domain model of orders: the state of an order, as the fold of its events leaves it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from lamina.money import Money

MAX_LINES = 40
"""A transaction that reserves all lines has at most 100 items."""
MAX_QUANTITY = 1000
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class OrderStatus(StrEnum):
    """How far an order has come: `pending → reserved → paid → confirmed`, or an end before that."""

    PENDING = "pending"
    """Placed; nothing is reserved."""
    RESERVED = "reserved"
    """The pieces of all lines are reserved."""
    PAID = "paid"
    """The total has been charged."""
    CONFIRMED = "confirmed"
    """The reserved pieces are sold."""
    REJECTED = "rejected"
    """Ended by the system; `reason` says why."""
    CANCELLED = "cancelled"
    """Ended by a person."""


FINAL = frozenset({OrderStatus.REJECTED, OrderStatus.CANCELLED})
"""The states that an order does not leave; what it holds is given back."""


class RejectionReason(StrEnum):
    """Why an order was rejected."""

    OUT_OF_STOCK = "OUT_OF_STOCK"
    PAYMENT_DECLINED = "PAYMENT_DECLINED"
    PAYMENT_UNAVAILABLE = "PAYMENT_UNAVAILABLE"
    EXPIRED = "EXPIRED"


class PaymentStatus(StrEnum):
    """State of the payment of an order, as the order knows it."""

    PENDING = "pending"
    """No payment was opened."""
    OPEN = "open"
    """A payment was opened at the provider; it may have been charged."""
    CHARGED = "charged"
    """The total was charged."""
    CANCELLED = "cancelled"
    """Nothing was charged, and nothing will be."""
    REFUNDED = "refunded"
    """The total was charged and returned."""


class Pieces(StrEnum):
    """Where the pieces of an order are."""

    NONE = "none"
    """The order holds none."""
    RESERVED = "reserved"
    SOLD = "sold"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of an order: a product with its name and price when the order was placed."""

    product_id: str
    sku: str
    name: str
    quantity: int
    unit_price: Money

    @property
    def total(self) -> Money:
        """The price of all pieces."""
        return self.unit_price.times(self.quantity)


@dataclass(frozen=True, kw_only=True)
class Payment:
    """The payment of an order.

    Attributes:
        method: payment method of the customer, a token of the provider.
        status: its state.
        reference: its id at the provider; empty until a payment is opened.
    """

    method: str
    status: PaymentStatus = PaymentStatus.PENDING
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order at one version.

    Attributes:
        id: UUIDv7.
        customer_id: id of the user who placed it.
        lines: what was ordered, each product once, all in one currency.
        payment: its payment.
        status: how far it has come.
        reason: why it was rejected.
        pieces: whether it holds pieces of its products.
        version: number of its events.
        created_at: RFC 3339 UTC.
        updated_at: instant of its last event; each event is later than the one before.
    """

    id: str
    customer_id: str
    lines: tuple[Line, ...]
    payment: Payment
    created_at: str
    updated_at: str
    status: OrderStatus = OrderStatus.PENDING
    reason: RejectionReason | None = None
    pieces: Pieces = Pieces.NONE
    version: int = 1

    @property
    def number(self) -> str:
        """A name of the order for people, in letters and digits that cannot be confused (Crockford's base 32)."""
        value = UUID(self.id).int
        digits = "".join(_CROCKFORD[value >> shift & 31] for shift in range(55, -1, -5))
        return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"

    @property
    def total(self) -> Money:
        """The price of all lines."""
        return Money(sum(line.total.amount for line in self.lines), self.lines[0].unit_price.currency)

    @property
    def owes(self) -> bool:
        """Whether the order has ended while a payment is open or charged, which is to be voided."""
        return self.status in FINAL and self.payment.status in {PaymentStatus.OPEN, PaymentStatus.CHARGED}

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do: it is confirmed, or it has ended, holds no pieces and owes nothing."""
        if self.status == OrderStatus.CONFIRMED:
            return True
        return self.status in FINAL and self.pieces == Pieces.NONE and not self.owes
