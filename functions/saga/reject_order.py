"""Step of an order: reject it, because its payment is not available."""

from lamina.orders import steps
from lamina.orders.model import RejectionReason
from lamina.orders.saga import step

handler = step(lambda order_id, context, _: steps.reject(order_id, RejectionReason.PAYMENT_UNAVAILABLE, context))
