"""Table items of webhooks and deliveries: one partition per webhook."""

from collections.abc import Sequence
from dataclasses import asdict

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from lamina import ids
from lamina.observability import tracing
from lamina.storage.item import Item
from lamina.storage.keys import SHARDS, key, list_partition, list_position, shard_of, value_of
from lamina.webhooks.model import (
    Attempt,
    Delivery,
    DeliveryStatus,
    DisabledReason,
    Webhook,
    WebhookScope,
    WebhookStatus,
)

EVERYBODY = "everybody"
"""Stands for the owner in the directory of webhooks with scope `all`."""
DELIVERY_KEPT_SECONDS = 30 * 24 * 3600


class WebhookItem(Item, discriminator="webhook"):
    """A webhook: `WEBHOOK#<id>` / `WEBHOOK`."""

    owner_id = UnicodeAttribute()
    url = UnicodeAttribute()
    events = JSONAttribute()
    description = UnicodeAttribute(default="")
    scope = UnicodeAttribute()
    status = UnicodeAttribute()
    disabled_reason = UnicodeAttribute(null=True)
    secret = UnicodeAttribute()
    """Encrypted for this webhook."""
    old_secrets = JSONAttribute(default=list)
    """Replaced secrets that still sign until they expire: `[[encrypted, until], …]`, newest first."""
    credential_epoch = NumberAttribute(default=0)
    """The owner's credential epoch at creation; the webhook is void if it differs now."""


class DirectoryItem(Item, discriminator="webhook_directory"):
    """A list of webhooks: `USER#<owner>` / `WEBHOOKS`, and `WEBHOOKS#everybody` / `WEBHOOKS`.

    A single item, so that concurrent requests cannot exceed the limit, and a new webhook misses no event.
    """

    webhook_ids = JSONAttribute(default=list)


class DeliveryItem(Item, discriminator="webhook_delivery"):
    """The delivery of an event to a webhook, and its log: `WEBHOOK#<id>` / `DELIVERY#<id>`."""

    event_id = UnicodeAttribute()
    event_type = UnicodeAttribute()
    status = UnicodeAttribute()
    payload = UnicodeAttribute()
    """The request body, the same in each attempt."""
    attempts = JSONAttribute(default=list)
    next_attempt_at = UnicodeAttribute(null=True)


class PendingItem(Item, discriminator="webhook_pending"):
    """A delivery to be attempted: `WEBHOOK#<id>` / `PENDING#<delivery>`; deleted when no attempt is left.

    It is in the list of due deliveries, by the time at which to check whether its message was lost.
    """

    tries = NumberAttribute(default=0)
    next_attempt_at = UnicodeAttribute()
    in_flight = BooleanAttribute(default=False)
    """Whether it is being sent, until `next_attempt_at`."""
    urgent = BooleanAttribute(default=False)
    """Whether somebody waits for it: then it is sent though the endpoint is failing."""
    trace = UnicodeAttribute(null=True)
    """The trace header of what caused it."""


class ParkedItem(Item, discriminator="webhook_parked"):
    """A delivery that waits for a slot of its endpoint: `WEBHOOK#<id>` / `PARKED#<delivery>`.

    It is written before the delivery is postponed, and valid while the delivery is due at one of these two times;
    otherwise it is left over.
    """

    seen_due_at = UnicodeAttribute()
    until = UnicodeAttribute()


def webhook_key(webhook_id: str) -> tuple[str, str]:
    """Return the key of a webhook."""
    return key("WEBHOOK", webhook_id), "WEBHOOK"


def directory_key(owner_id: str) -> tuple[str, str]:
    """Return the key of the directory of an owner, or of `EVERYBODY`."""
    return key("WEBHOOKS" if owner_id == EVERYBODY else "USER", owner_id), "WEBHOOKS"


def delivery_key(webhook_id: str, delivery_id: str) -> tuple[str, str]:
    """Return the key of a delivery."""
    return key("WEBHOOK", webhook_id), key("DELIVERY", delivery_id)


def pending_key(webhook_id: str, delivery_id: str) -> tuple[str, str]:
    """Return the key of a pending delivery."""
    return key("WEBHOOK", webhook_id), key("PENDING", delivery_id)


def parked_key(webhook_id: str, delivery_id: str) -> tuple[str, str]:
    """Return the key of a parked delivery."""
    return key("WEBHOOK", webhook_id), key("PARKED", delivery_id)


def due_partitions() -> list[str]:
    """Return the partitions of the list of due deliveries, in `gsi1`."""
    return [list_partition("DELIVERIES", "due", shard=shard) for shard in range(SHARDS)]


def due_place(webhook_id: str, delivery_id: str, wakes_at: str) -> tuple[str, str]:
    """Return partition and position of a delivery in the list of due deliveries."""
    partition = list_partition("DELIVERIES", "due", shard=shard_of(delivery_id))
    return partition, list_position(f"{wakes_at}#{webhook_id}", delivery_id)


def place_of(position: str) -> tuple[str, str]:
    """Return the ids of webhook and delivery from a position in the list of due deliveries."""
    _, webhook_id, delivery_id = position.split("#")
    return webhook_id, delivery_id


def status_partition(webhook_id: str, status: DeliveryStatus) -> str:
    """Return the partition, in `gsi2`, of a webhook's deliveries with one status."""
    return key("DELIVERIES", f"{webhook_id}#{status}")


def set_status(item: DeliveryItem, status: DeliveryStatus, next_attempt_at: str | None) -> None:
    """Set the status of a delivery, and the list that contains it."""
    item.status, item.next_attempt_at, item.updated_at = status, next_attempt_at, ids.now()
    item.gsi2pk, item.gsisk = status_partition(value_of(item.pk), status), item.sk


def new_pending(webhook_id: str, delivery_id: str, wakes_at: str, *, urgent: bool) -> PendingItem:
    """Return a new pending delivery; `wakes_at` is when to check whether its message was lost."""
    partition, position = due_place(webhook_id, delivery_id, wakes_at)
    return PendingItem(
        *pending_key(webhook_id, delivery_id),
        next_attempt_at=ids.now(),
        urgent=urgent,
        trace=tracing.header(),
        gsi1pk=partition,
        gsisk=position,
        expires_at=ids.epoch_in(DELIVERY_KEPT_SECONDS),
    )


def to_webhook(item: WebhookItem) -> Webhook:
    """Return the webhook of an item, without its secrets."""
    return Webhook(
        id=value_of(item.pk),
        owner_id=item.owner_id,
        url=item.url,
        events=list(item.events),
        description=item.description,
        scope=WebhookScope(item.scope),
        status=WebhookStatus(item.status),
        disabled_reason=DisabledReason(item.disabled_reason) if item.disabled_reason else None,
        version=int(item.version),
        created_at=item.created_at,
        updated_at=item.updated_at or item.created_at,
        credential_epoch=int(item.credential_epoch),
    )


def to_delivery(item: DeliveryItem) -> Delivery:
    """Return the delivery of an item."""
    return Delivery(
        id=value_of(item.sk),
        webhook_id=value_of(item.pk),
        event_id=item.event_id,
        event_type=item.event_type,
        status=DeliveryStatus(item.status),
        attempts=[Attempt(**attempt) for attempt in item.attempts],
        next_attempt_at=item.next_attempt_at,
        created_at=item.created_at,
    )


def log_attempt(item: DeliveryItem, attempt: Attempt, kept: int) -> None:
    """Append an attempt to the log of a delivery, which keeps the last `kept`."""
    logged: Sequence[dict[str, object]] = [*item.attempts, asdict(attempt)]
    item.attempts = list(logged[-kept:])
