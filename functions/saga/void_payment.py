"""Step of an order that was rejected or cancelled: cancel its payment, or refund it."""

from lamina.orders import charging
from lamina.orders.saga import step
from lamina.payments.account import provider

handler = step(lambda order_id, context, _: charging.void(order_id, provider(), context))
