"""How webhooks and their deliveries lie in the table: a partition for each webhook."""

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
"""Stands for an owner in the directory of the webhooks that are told of everybody's events."""
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
    """Secrets that were replaced and sign along until their time is over: `[[sealed, until], …]`, newest first."""
    credential_epoch = NumberAttribute(default=0)
    """That of its owner when it was made; it is void when the owner has another."""


class DirectoryItem(Item, discriminator="webhook_directory"):
    """Which webhooks there are: `USER#<owner>` / `WEBHOOKS`, and `WEBHOOKS#everybody` / `WEBHOOKS`.

    One item, so that the limit holds whoever races, and a webhook that was just made misses no event.
    """

    webhook_ids = JSONAttribute(default=list)


class DeliveryItem(Item, discriminator="webhook_delivery"):
    """One event for one webhook, and its log: `WEBHOOK#<id>` / `DELIVERY#<id>`."""

    event_id = UnicodeAttribute()
    event_type = UnicodeAttribute()
    status = UnicodeAttribute()
    payload = UnicodeAttribute()
    """The body that is sent, the same in each attempt."""
    attempts = JSONAttribute(default=list)
    next_attempt_at = UnicodeAttribute(null=True)


class PendingItem(Item, discriminator="webhook_pending"):
    """A delivery that is to be tried: `WEBHOOK#<id>` / `PENDING#<delivery>`; it goes when there is nothing more to try.

    It stands in the list of what is due by the time at which somebody is to see whether its message was lost.
    """

    tries = NumberAttribute(default=0)
    next_attempt_at = UnicodeAttribute()
    in_flight = BooleanAttribute(default=False)
    """Whether it is being sent until `next_attempt_at`."""
    urgent = BooleanAttribute(default=False)
    """Whether somebody waits for it: then it is sent though the endpoint is failing."""
    trace = UnicodeAttribute(null=True)
    """The trace header of what caused it."""


class ParkedItem(Item, discriminator="webhook_parked"):
    """A delivery that waits for its endpoint rather than for its time: `WEBHOOK#<id>` / `PARKED#<delivery>`.

    It is written before the delivery is put off, and holds while that is due at one of these two; else it is left over.
    """

    seen_due_at = UnicodeAttribute()
    until = UnicodeAttribute()


def webhook_key(webhook_id: str) -> tuple[str, str]:
    """Give the key of a webhook."""
    return key("WEBHOOK", webhook_id), "WEBHOOK"


def directory_key(owner_id: str) -> tuple[str, str]:
    """Give the key of the directory of an owner, or of `EVERYBODY`."""
    return key("WEBHOOKS" if owner_id == EVERYBODY else "USER", owner_id), "WEBHOOKS"


def delivery_key(webhook_id: str, delivery_id: str) -> tuple[str, str]:
    """Give the key of a delivery."""
    return key("WEBHOOK", webhook_id), key("DELIVERY", delivery_id)


def pending_key(webhook_id: str, delivery_id: str) -> tuple[str, str]:
    """Give the key of what is to be tried of a delivery."""
    return key("WEBHOOK", webhook_id), key("PENDING", delivery_id)


def parked_key(webhook_id: str, delivery_id: str) -> tuple[str, str]:
    """Give the key of the note that a delivery waits for its endpoint."""
    return key("WEBHOOK", webhook_id), key("PARKED", delivery_id)


def due_partitions() -> list[str]:
    """Give the partitions of the list of what is due, in `gsi1`."""
    return [list_partition("DELIVERIES", "due", shard=shard) for shard in range(SHARDS)]


def due_place(webhook_id: str, delivery_id: str, wakes_at: str) -> tuple[str, str]:
    """Give where a delivery stands in the list of what is due: its partition and its position."""
    partition = list_partition("DELIVERIES", "due", shard=shard_of(delivery_id))
    return partition, list_position(f"{wakes_at}#{webhook_id}", delivery_id)


def place_of(position: str) -> tuple[str, str]:
    """Give back the ids of webhook and delivery from a position in the list of what is due."""
    _, webhook_id, delivery_id = position.split("#")
    return webhook_id, delivery_id


def status_partition(webhook_id: str, status: DeliveryStatus) -> str:
    """Give the partition, in `gsi2`, of a webhook's deliveries of one status."""
    return key("DELIVERIES", f"{webhook_id}#{status}")


def set_status(item: DeliveryItem, status: DeliveryStatus, next_attempt_at: str | None) -> None:
    """Let a delivery be of a status, and stand in its list."""
    item.status, item.next_attempt_at, item.updated_at = status, next_attempt_at, ids.now()
    item.gsi2pk, item.gsisk = status_partition(value_of(item.pk), status), item.sk


def new_pending(webhook_id: str, delivery_id: str, wakes_at: str, *, urgent: bool) -> PendingItem:
    """Lay out what is to be tried at once; `wakes_at` is when to see whether its message was lost."""
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
    """Give back the webhook of an item, without its secrets."""
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
    """Give back the delivery of an item."""
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
    """Put an attempt into the log of a delivery, which keeps the last so many."""
    logged: Sequence[dict[str, object]] = [*item.attempts, asdict(attempt)]
    item.attempts = list(logged[-kept:])
