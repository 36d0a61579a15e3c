"""From an event to its deliveries: which webhooks are told of it."""

from collections.abc import Iterator

from lamina.events.consumer import Event
from lamina.users import service as users
from lamina.webhooks.audience import refusal
from lamina.webhooks.deliveries import prepare
from lamina.webhooks.items import EVERYBODY, DirectoryItem, WebhookItem, directory_key, to_webhook, webhook_key
from lamina.webhooks.model import DeliveryStatus, Webhook
from lamina.webhooks.patterns import wants
from lamina.webhooks.queue import announce


def dispatch(event: Event) -> None:
    """Write a delivery for each webhook that is to be told, and have it sent. Doing it again changes nothing."""
    wanting = [webhook for webhook in _within_earshot(event) if wants(webhook.events, event["type"])]
    owners = users.get_many({webhook.owner_id for webhook in wanting})
    told = [webhook for webhook in wanting if not refusal(webhook, owners.get(webhook.owner_id))]
    deliveries = [prepare(webhook.id, event) for webhook in told]
    announce([(each.webhook_id, each.id) for each in deliveries if each.status == DeliveryStatus.PENDING])


def _within_earshot(event: Event) -> Iterator[Webhook]:
    """Find the webhooks of the user that an event is about, of the owner of what it is about, and of everybody's.

    Two consistent calls of the table, so that a webhook that was just made misses nothing.
    """
    subjects = {event["subject"], event["data"].get("owner_id"), EVERYBODY} - {None}
    keys = [directory_key(subject) for subject in subjects]
    directories = DirectoryItem.batch_get(keys, consistent_read=True)
    webhook_ids = {webhook_id for directory in directories for webhook_id in directory.webhook_ids}
    if webhook_ids:
        found = WebhookItem.batch_get([webhook_key(each) for each in webhook_ids], consistent_read=True)
        yield from map(to_webhook, found)
