"""Compares the payments at the provider with the orders that they are for."""

import time
from dataclasses import dataclass

from lamina import ids
from lamina.observability.logs import logger
from lamina.orders import executions, store
from lamina.orders.errors import OrderNotFound
from lamina.orders.model import Order, PaymentStatus
from lamina.payments.account import provider
from lamina.payments.model import Payment, PaymentState
from lamina.storage.iteration import HasTime

LOOKED_BACK_SECONDS = 3 * 24 * 3600
"""How old the payments are that a run compares: three runs see each."""
SETTLED_SECONDS = 3600
"""How old a payment is at least: younger orders are on their way."""

EXPECTED = {
    PaymentStatus.CHARGED: {PaymentState.CHARGED},
    PaymentStatus.REFUNDED: {PaymentState.REFUNDED},
    PaymentStatus.CANCELLED: {PaymentState.CANCELLED},
    PaymentStatus.PENDING: {PaymentState.OPEN, PaymentState.DECLINED, PaymentState.CANCELLED},
}
"""States of a payment at the provider by what its order says. An order with an open payment is not settled."""


@dataclass
class Report:
    """The report of a run, or of a dry run.

    Attributes:
        finished: whether all payments were compared.
        payments: number of payments that were compared.
        differences: number of those that differ from their order, or have none.
        started: number of orders for which an execution was started, because they are not settled.
    """

    finished: bool = False
    payments: int = 0
    differences: int = 0
    started: int = 0


def reconcile_payments(has_time: HasTime, *, dry_run: bool = False) -> Report:
    """Compare the payments of the last days with their orders, log each difference, and drive on what is not settled.

    Args:
        has_time: returns whether there is time for another payment.
        dry_run: only report.
    """
    report, now, run = Report(), int(time.time()), ids.new_id()
    for payment in provider().opened_since(now - LOOKED_BACK_SECONDS):
        if not has_time():
            return report
        if payment.created_at > now - SETTLED_SECONDS:
            continue
        report.payments += 1
        order = _order_of(payment)
        if order is not None and not order.is_settled:
            report.started += 1
            if not dry_run:
                executions.start(order.id, f"reconcile-{run}", cause=run)
        elif _differs(payment, order):
            report.differences += 1
            logger.error("payment differs from its order", extra=_facts(payment, order))
    report.finished = True
    return report


def _order_of(payment: Payment) -> Order | None:
    try:
        return store.load(payment.order_id) if payment.order_id else None
    except OrderNotFound:
        return None


def _differs(payment: Payment, order: Order | None) -> bool:
    if order is None:
        return payment.state == PaymentState.CHARGED
    if order.payment.reference != payment.reference:
        # It was opened by an attempt that lost its response, and never charged.
        return payment.state not in EXPECTED[PaymentStatus.PENDING]
    total = order.total
    is_same_amount = (payment.amount, payment.currency) == (total.amount, total.currency)
    return not is_same_amount or payment.state not in EXPECTED.get(order.payment.status, set())


def _facts(payment: Payment, order: Order | None) -> dict[str, object]:
    return {
        "payment": payment.reference,
        "payment_state": payment.state,
        "order_id": payment.order_id,
        "order_status": order.status if order else None,
        "order_payment": order.payment.status if order else None,
    }
