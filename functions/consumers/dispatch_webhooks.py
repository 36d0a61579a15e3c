"""Queue of every event → deliveries: who is told of it."""

from lamina.events.consumer import consumer
from lamina.webhooks.dispatch import dispatch

handler = consumer("webhooks", dispatch)
