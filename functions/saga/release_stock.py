"""Step of an order that was rejected or cancelled: make its pieces available again."""

from lamina.orders import steps
from lamina.orders.saga import step

handler = step(lambda order_id, context, _: steps.release(order_id, context))
