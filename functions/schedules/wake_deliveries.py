"""Every minute: requeue webhook deliveries that are due or whose message was lost."""

from lamina.events.schedule import schedule
from lamina.webhooks.requeue_due import requeue_due

handler = schedule("deliveries woken", requeue_due)
