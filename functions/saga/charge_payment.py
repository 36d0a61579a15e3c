"""Step of an order: charge its payment, or reject it if the payment is declined."""

from lamina.orders import charging
from lamina.orders.saga import step
from lamina.payments.account import provider

handler = step(lambda order_id, context, attempt: charging.charge(order_id, provider(), context, attempt))
