"""Event queue → Step Functions: take orders that were placed or cancelled to their end."""

from lamina.events.consumer import consumer
from lamina.orders.executions import follow

handler = consumer("saga", follow)
