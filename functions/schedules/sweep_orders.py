"""Every five minutes: drive orders on whose execution has ended or hangs, and reject those that are too old."""

from lamina.events.schedule import schedule
from lamina.orders.sweeping import sweep_orders

handler = schedule("orders swept", sweep_orders)
