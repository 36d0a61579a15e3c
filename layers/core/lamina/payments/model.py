"""Payments of orders, as a provider holds them."""

from dataclasses import dataclass
from enum import StrEnum


class PaymentState(StrEnum):
    """State of a payment."""

    OPEN = "open"
    """Nothing has been charged; it can be charged or cancelled."""
    PROCESSING = "processing"
    """The provider has not decided yet."""
    DECLINED = "declined"
    """Nothing has been charged, because the payment method was declined. It can still be charged with another one."""
    CHARGED = "charged"
    """The whole amount has been charged."""
    CANCELLED = "cancelled"
    """Nothing has been charged, and nothing will be."""
    REFUNDED = "refunded"
    """The whole amount has been charged and returned."""


@dataclass(frozen=True, kw_only=True)
class NewPayment:
    """A payment to open.

    Attributes:
        order_id: id of the order; an order has one payment.
        amount: in minor units of the currency.
        currency: ISO 4217 code.
    """

    order_id: str
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A payment as the provider reports it.

    Attributes:
        reference: its id at the provider.
        order_id: id of the order; empty for a payment that another application has made.
        state: its state.
        amount: in minor units of the currency.
        currency: ISO 4217 code.
        created_at: Unix time.
        reason: code of the provider for the last refusal; empty if there was none.
    """

    reference: str
    order_id: str
    state: PaymentState
    amount: int
    currency: str
    created_at: int
    reason: str = ""
