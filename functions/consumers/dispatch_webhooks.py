"""Event queue → deliveries: create a delivery for each webhook that subscribes to an event."""

from lamina.events.consumer import consumer
from lamina.webhooks.dispatch import dispatch, has_candidates

handler = consumer("webhooks", dispatch, has_candidates)
