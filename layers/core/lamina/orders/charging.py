"""The steps of an order that call the payment provider, each between two transactions of the order."""

from lamina.events.request_context import RequestContext
from lamina.orders import steps, store
from lamina.orders.model import Order, OrderStatus, RejectionReason
from lamina.payments.model import NewPayment, PaymentState
from lamina.payments.provider import PaymentProvider, PaymentUnavailable


def charge(order_id: str, provider: PaymentProvider, context: RequestContext, attempt: int = 0) -> Order:
    """Charge the payment of a reserved order, or reject the order because the payment is declined.

    The payment is opened and recorded with the order before it is charged, so that it can be voided whatever happens.

    Args:
        order_id: id of the order.
        provider: the payment provider.
        context: the context that is recorded.
        attempt: number of earlier attempts that failed.

    Raises:
        PaymentUnavailable: if the provider has not decided, or does not respond; repeat it.
        PaymentRefused: if the provider refuses the request, not the payment.
        OrderNotFound, Conflict: see `steps.reserve`.
    """
    order = store.load(order_id)
    if order.status == OrderStatus.RESERVED and not order.total.amount:
        return steps.mark_paid(order_id, "", context)
    if order.status == OrderStatus.RESERVED and not order.payment.reference:
        total = order.total
        new = NewPayment(order_id=order_id, amount=total.amount, currency=total.currency)
        opened = provider.start(new, attempt)
        order = steps.open_payment(order_id, opened.reference, context)
    if order.status != OrderStatus.RESERVED:
        return order
    payment = provider.charge(order.payment.reference, order.payment.method, attempt)
    match payment.state:
        case PaymentState.CHARGED:
            return steps.mark_paid(order_id, payment.reference, context)
        case PaymentState.DECLINED:
            return steps.reject(order_id, RejectionReason.PAYMENT_DECLINED, context)
        case PaymentState.CANCELLED | PaymentState.REFUNDED:
            # The order has ended meanwhile, and is unchanged; otherwise somebody has done it at the provider.
            return steps.reject(order_id, RejectionReason.PAYMENT_UNAVAILABLE, context)
        case _:
            raise PaymentUnavailable(f"the payment is {payment.state}")


def void(order_id: str, provider: PaymentProvider, context: RequestContext) -> Order:
    """Cancel or refund the payment of an order that has ended.

    Raises:
        PaymentUnavailable, PaymentRefused, OrderNotFound, Conflict: see `charge`.
    """
    order = store.load(order_id)
    if not order.owes:
        return order
    if not order.payment.reference:  # it cost nothing
        return steps.mark_voided(order_id, context, refunded=False)
    voided = provider.void(order.payment.reference)
    return steps.mark_voided(order_id, context, refunded=voided.state == PaymentState.REFUNDED)
