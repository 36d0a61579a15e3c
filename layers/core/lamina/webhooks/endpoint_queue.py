"""The queue of an endpoint: limits concurrent requests, and pauses a failing endpoint by a circuit breaker.

A slow endpoint occupies no more than its slots; further deliveries are parked in the table until a slot is free. A
failing endpoint gets only an occasional probe, and everything else is parked until a probe succeeds. A single endpoint
therefore never exhausts the threads that send.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from lamina import ids
from lamina.storage import conditional
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.transactions import Update
from lamina.webhooks import retries
from lamina.webhooks.items import DELIVERY_KEPT_SECONDS

if TYPE_CHECKING:
    from pynamodb.expressions.update import Action

LEASE_SECONDS = 30
"""Duration of a slot's lease in seconds: much longer than a request may take."""
OPENS_AFTER = 3
"""Consecutive failures after which the breaker opens."""
GIVEN_UP_SECONDS = retries.GIVEN_UP_SECONDS
"""How long an endpoint may fail without a success until it is disabled: longer than a delivery is retried."""


class EndpointQueueItem(Item, discriminator="webhook_endpoint_queue"):
    """The state of an endpoint: `WEBHOOK#<id>` / `ENDPOINT_QUEUE`. It is created on first use."""

    place1 = UnicodeAttribute(null=True)
    """Expiry of each occupied slot."""
    place2 = UnicodeAttribute(null=True)
    place3 = UnicodeAttribute(null=True)
    place4 = UnicodeAttribute(null=True)
    failures = NumberAttribute(default=0)
    """Failures since the last success."""
    probes = NumberAttribute(default=0)
    """How many of them were probes, sent while the breaker was open."""
    failing_since = UnicodeAttribute(null=True)
    next_probe_at = UnicodeAttribute(null=True)
    backlog = BooleanAttribute(default=False)
    """Whether deliveries are parked."""


SLOTS = (EndpointQueueItem.place1, EndpointQueueItem.place2, EndpointQueueItem.place3, EndpointQueueItem.place4)


@dataclass(frozen=True)
class Slot:
    """An acquired slot, and its expiry."""

    attribute: UnicodeAttribute
    until: str
    is_probe: bool = False


@dataclass(frozen=True)
class QueueFull:
    """No slot is free; retry at the given time."""

    until: str


def endpoint_queue_key(webhook_id: str) -> tuple[str, str]:
    """Return the key of the queue of a webhook."""
    return key("WEBHOOK", webhook_id), "ENDPOINT_QUEUE"


def is_open(queue: EndpointQueueItem) -> bool:
    """Return whether the breaker is open: the endpoint gets only probes."""
    return int(queue.failures) >= OPENS_AFTER and queue.next_probe_at is not None


def acquire(queue: EndpointQueueItem, *, urgent: bool) -> Slot | QueueFull:
    """Acquire a slot, if one is free: a conditional write.

    Args:
        queue: the queue as read; it is created if it is not stored yet.
        urgent: whether to send even if the endpoint is failing.
    """
    if is_open(queue) and not urgent:
        return _probe(queue)
    now, until = ids.now(), ids.ahead(LEASE_SECONDS)
    taken = [str(getattr(queue, slot.attr_name) or "") for slot in SLOTS]
    for slot, held_until in zip(SLOTS, taken, strict=True):
        free = slot.does_not_exist() | (slot < now)
        if held_until < now and conditional.update(queue, [*_described(), slot.set(until)], free):
            return Slot(slot, until)
    return QueueFull(max(ids.ahead(1), min(filter(None, taken), default=until)))


def release(queue: EndpointQueueItem, slot: Slot, *, succeeded: bool | None) -> None:
    """Release a slot with the result; None if nothing was sent. Refreshes the queue from the table."""
    actions: list[Action] = [slot.attribute.remove()]
    if succeeded:
        actions += _well()
    elif succeeded is False:
        actions += [
            EndpointQueueItem.failures.add(1),
            EndpointQueueItem.failing_since.set(EndpointQueueItem.failing_since | ids.now()),
        ]
        # Requests that were in progress when the breaker opened add no information: only a probe delays the next probe.
        if slot.is_probe:
            probe_at = ids.ahead(retries.probe_delay(int(queue.probes) + 1))
            actions += [EndpointQueueItem.probes.add(1), EndpointQueueItem.next_probe_at.set(probe_at)]
        elif not is_open(queue):
            actions.append(EndpointQueueItem.next_probe_at.set(ids.ahead(retries.probe_delay(0))))
    # If the slot is already held by another process, the result is too old to count.
    conditional.update(queue, actions, slot.attribute == slot.until)


def note_backlog(queue: EndpointQueueItem, *, there_is: bool) -> None:
    """Record whether deliveries are parked. Refreshes the queue from the table."""
    conditional.update(queue, [*_described()[:-1], EndpointQueueItem.backlog.set(there_is)])


def has_room(queue: EndpointQueueItem) -> bool:
    """Return whether a slot of the queue is free, or a failing endpoint may be probed."""
    now = ids.now()
    if is_open(queue):
        return str(queue.next_probe_at) < now
    return any(str(getattr(queue, slot.attr_name) or "") < now for slot in SLOTS)


def reset(webhook_id: str) -> Update:
    """Return the update that closes the breaker of an endpoint; parked deliveries are woken."""
    return EndpointQueueItem(*endpoint_queue_key(webhook_id)), [
        *_described()[:-3],
        EndpointQueueItem.backlog.set(True),
        *_well(),
    ]


def has_failed_for_days(queue: EndpointQueueItem) -> bool:
    """Return whether the endpoint has failed for so long that its webhook is to be disabled."""
    return (queue.failing_since or ids.ETERNITY) < ids.ago(GIVEN_UP_SECONDS)


def seconds_to_probe(queue: EndpointQueueItem) -> float:
    """Return how many seconds a failing endpoint is to be left alone."""
    left = datetime.fromisoformat(queue.next_probe_at) - datetime.fromisoformat(ids.now())
    return max(0.0, left.total_seconds())


def _probe(queue: EndpointQueueItem) -> Slot | QueueFull:
    """Acquire the single slot of a failing endpoint, if the next probe is due."""
    now, until = ids.now(), ids.ahead(LEASE_SECONDS)
    next_probe_at = str(queue.next_probe_at or "")
    if next_probe_at > now:
        return QueueFull(next_probe_at)
    slot = SLOTS[0]
    actions = [EndpointQueueItem.next_probe_at.set(until), slot.set(until)]
    if conditional.update(
        queue, actions, (EndpointQueueItem.next_probe_at == next_probe_at) & (EndpointQueueItem.failures >= OPENS_AFTER)
    ):
        return Slot(slot, until, is_probe=True)
    return QueueFull(until)


def _well() -> Sequence["Action"]:
    return [
        EndpointQueueItem.failures.set(0),
        EndpointQueueItem.probes.set(0),
        EndpointQueueItem.failing_since.remove(),
        EndpointQueueItem.next_probe_at.remove(),
    ]


def _described() -> Sequence["Action"]:
    """Return the actions that create the item if necessary; failures, probes and the backlog come last."""
    return [
        EndpointQueueItem.kind.set(EndpointQueueItem),
        EndpointQueueItem.schema_version.set(1),
        EndpointQueueItem.created_at.set(EndpointQueueItem.created_at | ids.now()),
        EndpointQueueItem.expires_at.set(ids.epoch_in(DELIVERY_KEPT_SECONDS)),
        EndpointQueueItem.failures.set(EndpointQueueItem.failures | 0),
        EndpointQueueItem.probes.set(EndpointQueueItem.probes | 0),
        EndpointQueueItem.backlog.set(EndpointQueueItem.backlog | False),
    ]
