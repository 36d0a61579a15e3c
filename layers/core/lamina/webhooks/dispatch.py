"""Creates the deliveries of an event: one for each webhook that subscribes to it."""

from collections.abc import Iterator

from lamina.errors import NotFound
from lamina.events.envelope import Event
from lamina.events.request_context import RequestContext
from lamina.users import service as users
from lamina.webhooks import service
from lamina.webhooks.deliveries import prepare
from lamina.webhooks.items import EVERYBODY, DirectoryItem, WebhookItem, directory_key, to_webhook, webhook_key
from lamina.webhooks.model import DeliveryStatus, Webhook
from lamina.webhooks.queue import enqueue
from lamina.webhooks.subscriptions import refusal, wants


def has_candidates(event: Event) -> bool:
    """Return whether a webhook may subscribe to an event: one consistent call, and all that most events cost."""
    return bool(_directories(event))


def dispatch(event: Event) -> None:
    """Create a delivery for each subscribed webhook, and enqueue it. Idempotent.

    Revoked webhooks are deleted, at the latest by the event that announces the revocation.
    """
    candidates = list(_candidates(event))
    subscribed = [webhook for webhook in candidates if wants(webhook.events, event["type"])]
    owners = users.get_many(
        {hook.owner_id for hook in candidates if hook in subscribed or hook.owner_id == event["subject"]}
    )
    for webhook in candidates:
        if (owner := owners.get(webhook.owner_id)) is not None and webhook.is_revoked(owner):
            _delete(webhook, event)
    receiving = [webhook for webhook in subscribed if not refusal(webhook, owners.get(webhook.owner_id))]
    deliveries = [prepare(webhook.id, event) for webhook in receiving]
    enqueue([(each.webhook_id, each.id) for each in deliveries if each.status == DeliveryStatus.PENDING])


def _delete(webhook: Webhook, event: Event) -> None:
    try:
        service.delete(webhook.id, RequestContext(None, event["correlation_id"]), if_version=lambda _: True)
    except NotFound:
        return  # Deleted by an earlier attempt, or by another event.


def _candidates(event: Event) -> Iterator[Webhook]:
    """Yield the webhooks of the user that an event is about, of the owner of its subject, and of scope `all`.

    Two consistent calls of the table, so that a new webhook misses no event.
    """
    webhook_ids = {webhook_id for directory in _directories(event) for webhook_id in directory.webhook_ids}
    if webhook_ids:
        found = WebhookItem.batch_get([webhook_key(each) for each in webhook_ids], consistent_read=True)
        yield from map(to_webhook, found)


def _directories(event: Event) -> list[DirectoryItem]:
    """Return the directories of webhooks that are not empty, of all who may have subscribed to an event."""
    subjects = {event["subject"], event["data"].get("owner_id"), EVERYBODY} - {None}
    found = DirectoryItem.batch_get([directory_key(subject) for subject in subjects], consistent_read=True)
    return [directory for directory in found if directory.webhook_ids]
