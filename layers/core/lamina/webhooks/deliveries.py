"""Deliveries: created once per event and webhook, listed, and repeated on request."""

import json
from collections.abc import Mapping
from typing import Any

from lamina import ids
from lamina.errors import NotFound
from lamina.events.request_context import RequestContext
from lamina.storage import run_once, transactions
from lamina.storage.cursors import Cursor
from lamina.storage.keys import key
from lamina.storage.pages import Page, read_page
from lamina.storage.sharded_list import Source
from lamina.storage.transactions import ConditionFailed
from lamina.webhooks.errors import WebhookDisabled
from lamina.webhooks.items import (
    DELIVERY_KEPT_SECONDS,
    DeliveryItem,
    PendingItem,
    delivery_key,
    new_pending,
    pending_key,
    set_status,
    status_partition,
    to_delivery,
)
from lamina.webhooks.model import Delivery, DeliveryStatus, Webhook, WebhookStatus
from lamina.webhooks.pending import LOST_AFTER_SECONDS
from lamina.webhooks.queue import enqueue

TEST = "webhook.test"
"""The type of test messages, sent on request. It is not an event of the catalog."""


def prepare(webhook_id: str, event: Mapping[str, Any], *, urgent: bool = False, request: str = "") -> Delivery:
    """Create the delivery of an event to an endpoint, unless it exists.

    Args:
        webhook_id: id of the webhook.
        event: its envelope, sent unchanged except for the trace, which is internal.
        urgent: whether to attempt it even if the endpoint is failing.
        request: name of the idempotent request, as `RequestContext.request`; a retry returns the same delivery.
    """
    delivery_id = ids.derived_id(event["id"], webhook_id)
    item = DeliveryItem(
        *delivery_key(webhook_id, delivery_id),
        event_id=event["id"],
        event_type=event["type"],
        payload=json.dumps(_payload(event), ensure_ascii=False, separators=(",", ":")),
        expires_at=ids.epoch_in(DELIVERY_KEPT_SECONDS),
    )
    set_status(item, DeliveryStatus.PENDING, ids.now())
    pending = new_pending(webhook_id, delivery_id, ids.ahead(LOST_AFTER_SECONDS), urgent=urgent)
    try:
        earlier = run_once.write(request, delivery_id, [item, pending])
    except ConditionFailed:
        return get(webhook_id, delivery_id)
    return get(webhook_id, earlier.id) if earlier else to_delivery(item)


def _payload(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "trace"}


def get(webhook_id: str, delivery_id: str) -> Delivery:
    """Return a delivery.

    Raises:
        NotFound: if it does not exist.
    """
    return to_delivery(_get(webhook_id, delivery_id))


def list_deliveries(
    webhook_id: str, status: DeliveryStatus | None, limit: int, cursor: Cursor | None
) -> Page[Delivery]:
    """Return a page of the deliveries of a webhook, newest first: one query and one batch of reads."""
    partition = key("WEBHOOK", webhook_id)
    everything = Source("", [partition], prefix=key("DELIVERY", ""))
    source = Source("gsi2", [status_partition(webhook_id, status)]) if status else everything
    page = read_page(source, limit, descending=True, cursor=cursor)
    wanted = [(partition, position) for position in page.items]
    found = {item.sk: item for item in DeliveryItem.batch_get(wanted)} if wanted else {}
    return page.with_items(to_delivery(found[position]) for position in page.items if position in found)


def send_test(webhook: Webhook, context: RequestContext) -> Delivery:
    """Send a `webhook.test` to an endpoint immediately; a retry of the same request announces the same delivery.

    Raises:
        WebhookDisabled: if the webhook is disabled.
    """
    _require_enabled(webhook)
    event = {
        "id": ids.new_id(),
        "type": TEST,
        "version": 1,
        "occurred_at": ids.now(),
        "correlation_id": context.correlation_id,
        "actor": context.actor,
        "subject": webhook.owner_id,
        "data": {"webhook_id": webhook.id},
    }
    delivery = prepare(webhook.id, event, urgent=True, request=context.request)
    enqueue([(webhook.id, delivery.id)])
    return delivery


def redeliver(webhook: Webhook, delivery_id: str) -> Delivery:
    """Send an event to an endpoint again immediately, whether or not it has been delivered before.

    Raises:
        NotFound: if the delivery does not exist.
        WebhookDisabled: if the webhook is disabled.
        Conflict: if it is changed concurrently.
    """
    _require_enabled(webhook)
    item = _get(webhook.id, delivery_id)
    pending = _pending(webhook.id, delivery_id)
    if pending is not None and pending.in_flight and pending.next_attempt_at > ids.now():
        return to_delivery(item)
    fresh = new_pending(webhook.id, delivery_id, ids.ahead(LOST_AFTER_SECONDS), urgent=True)
    fresh.over(int(pending.version) if pending else None)
    set_status(item, DeliveryStatus.PENDING, fresh.next_attempt_at)
    item.expires_at = fresh.expires_at
    try:
        transactions.write(put=[item, fresh])
    except ConditionFailed:
        # It was attempted concurrently.
        return redeliver(webhook, delivery_id)
    enqueue([(webhook.id, delivery_id)])
    return to_delivery(item)


def _get(webhook_id: str, delivery_id: str) -> DeliveryItem:
    try:
        return DeliveryItem.get(*delivery_key(webhook_id, delivery_id), consistent_read=True)
    except DeliveryItem.DoesNotExist:
        raise NotFound("The delivery was not found. Deliveries are kept for 30 days.") from None


def _pending(webhook_id: str, delivery_id: str) -> PendingItem | None:
    try:
        return PendingItem.get(*pending_key(webhook_id, delivery_id), consistent_read=True)
    except PendingItem.DoesNotExist:
        return None


def _require_enabled(webhook: Webhook) -> None:
    if webhook.status != WebhookStatus.ENABLED:
        raise WebhookDisabled
