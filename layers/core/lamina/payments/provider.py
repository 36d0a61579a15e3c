"""The interface of a payment provider.

A payment is opened first, and its reference is recorded with the order, before it is charged. The provider charges a
payment at most once, so a call whose response was lost can be repeated, and an order is never charged twice.
"""

from collections.abc import Iterator
from typing import Protocol

from lamina.payments.model import NewPayment, Payment


class PaymentUnavailable(Exception):
    """The provider did not respond, or not as documented: the request may have been executed. Repeat it later."""


class PaymentRefused(Exception):
    """The provider refuses the request for a reason that a repetition does not change, such as an invalid key."""


class PaymentProvider(Protocol):
    """A payment provider. Every call may raise `PaymentUnavailable` or `PaymentRefused`."""

    def start(self, payment: NewPayment, attempt: int = 0) -> Payment:
        """Open a payment; nothing is charged. Repeated for the same attempt, return the same payment.

        Args:
            payment: the payment.
            attempt: number of earlier attempts that failed. There may be a payment of each; only one is charged.
        """
        ...

    def charge(self, reference: str, method: str, attempt: int = 0) -> Payment:
        """Charge a payment, and return it: charged, declined, or still processing.

        Args:
            reference: id of the payment at the provider.
            method: payment method of the customer.
            attempt: number of earlier attempts whose outcome was a failure of the provider.
        """
        ...

    def void(self, reference: str) -> Payment:
        """Cancel a payment, or refund it if it was charged, and return it: afterwards, nothing is charged."""
        ...

    def get(self, reference: str) -> Payment:
        """Return a payment."""
        ...

    def opened_since(self, instant: int) -> Iterator[Payment]:
        """Yield the payments that were opened since an instant (Unix time), newest first."""
        ...
