"""Event queue → table: update the lists of orders and the sales of products to the orders of events."""

from lamina.events.consumer import consumer
from lamina.orders.projecting import follow

handler = consumer("order_lists", follow)
