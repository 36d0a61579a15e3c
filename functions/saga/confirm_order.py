"""Step of an order: confirm it, once it is paid."""

from lamina.orders import steps
from lamina.orders.saga import step

handler = step(lambda order_id, context, _: steps.confirm(order_id, context))
