"""Step of an order: reserve its stock, or reject it if it is out of stock."""

from lamina.orders import steps
from lamina.orders.saga import step

handler = step(lambda order_id, context, _: steps.reserve(order_id, context))
