"""The lane of an endpoint: how many requests it gets at a time, and when it is left alone.

A slow endpoint holds up no more than its few places, and what finds none is parked in the table until one is free. One
that fails again and again gets a single request from time to time, and everything else is parked until that succeeds.
So what the endpoints of others need, the threads that send, is never taken by one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from lamina import ids
from lamina.storage import conditional
from lamina.storage.item import Item
from lamina.storage.keys import key
from lamina.storage.transactions import Update
from lamina.webhooks import retries
from lamina.webhooks.items import DELIVERY_KEPT_SECONDS

LEASE_SECONDS = 30
"""How long a place is held by somebody who does not come back: much longer than a request may take."""
OPENS_AFTER = 3
"""Failures in a row after which an endpoint is left alone."""
GIVEN_UP_SECONDS = retries.GIVEN_UP_SECONDS
"""How long an endpoint may fail, with no success in between, until it is disabled: longer than a delivery is tried."""


class EndpointQueueItem(Item, discriminator="webhook_lane"):
    """The state of an endpoint: `WEBHOOK#<id>` / `LANE`. It is made when it is first entered."""

    place1 = UnicodeAttribute(null=True)
    """Until when the place is taken."""
    place2 = UnicodeAttribute(null=True)
    place3 = UnicodeAttribute(null=True)
    place4 = UnicodeAttribute(null=True)
    failures = NumberAttribute(default=0)
    """How many requests have failed since the last success."""
    probes = NumberAttribute(default=0)
    """How many of them were probes, sent though the breaker was open."""
    failing_since = UnicodeAttribute(null=True)
    next_probe_at = UnicodeAttribute(null=True)
    backlog = BooleanAttribute(default=False)
    """Whether deliveries are parked."""


SLOTS = (EndpointQueueItem.place1, EndpointQueueItem.place2, EndpointQueueItem.place3, EndpointQueueItem.place4)


@dataclass(frozen=True)
class Slot:
    """A place in a lane, held until then."""

    attribute: UnicodeAttribute
    until: str
    is_probe: bool = False


@dataclass(frozen=True)
class QueueFull:
    """There is no place; look again then."""

    until: str


def endpoint_queue_key(webhook_id: str) -> tuple[str, str]:
    """Give the key of the lane of a webhook."""
    return key("WEBHOOK", webhook_id), "LANE"


def is_open(queue: EndpointQueueItem) -> bool:
    """Tell whether the breaker is open: the endpoint is left alone but for a probe."""
    return int(queue.failures) >= OPENS_AFTER and queue.next_probe_at is not None


def acquire(queue: EndpointQueueItem, *, urgent: bool) -> Slot | QueueFull:
    """Take a place, if there is one: a conditional write.

    Args:
        lane: as it was read; one that is not stored yet is made.
        urgent: whether to ask the endpoint though it is failing.
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
    """Give a place back, with what came of it; None when nothing was sent. Afterwards the lane is as stored now."""
    actions: list[Action] = [slot.attribute.remove()]
    if succeeded:
        actions += _well()
    elif succeeded is False:
        actions += [
            EndpointQueueItem.failures.add(1),
            EndpointQueueItem.failing_since.set(EndpointQueueItem.failing_since | ids.now()),
        ]
        # Those who were under way when the breaker opened say nothing new: only a probe puts off the next one.
        if slot.is_probe:
            probe_at = ids.ahead(retries.probe_delay(int(queue.probes) + 1))
            actions += [EndpointQueueItem.probes.add(1), EndpointQueueItem.next_probe_at.set(probe_at)]
        elif not is_open(queue):
            actions.append(EndpointQueueItem.next_probe_at.set(ids.ahead(retries.probe_delay(0))))
    # Somebody else may hold the place by now: then what we have seen is too old to count.
    conditional.update(queue, actions, slot.attribute == slot.until)


def note_backlog(queue: EndpointQueueItem, *, there_is: bool) -> None:
    """Remember whether deliveries are parked. Afterwards the lane is as stored now."""
    conditional.update(queue, [*_described()[:-1], EndpointQueueItem.backlog.set(there_is)])


def has_room(queue: EndpointQueueItem) -> bool:
    """Tell whether somebody could enter the lane as it was read, or may ask a failing endpoint."""
    now = ids.now()
    if is_open(queue):
        return str(queue.next_probe_at) < now
    return any(str(getattr(queue, slot.attr_name) or "") < now for slot in SLOTS)


def reset(webhook_id: str) -> Update:
    """Compose the change by which an endpoint counts as well again; what is parked there is looked for."""
    return EndpointQueueItem(*endpoint_queue_key(webhook_id)), [
        *_described()[:-3],
        EndpointQueueItem.backlog.set(True),
        *_well(),
    ]


def has_failed_for_days(queue: EndpointQueueItem) -> bool:
    """Tell whether nothing has succeeded for so long that the endpoint is to be given up."""
    return (queue.failing_since or ids.ETERNITY) < ids.ago(GIVEN_UP_SECONDS)


def seconds_to_probe(queue: EndpointQueueItem) -> float:
    """Tell how long a failing endpoint is to be left alone."""
    left = datetime.fromisoformat(queue.next_probe_at) - datetime.fromisoformat(ids.now())
    return max(0.0, left.total_seconds())


def _probe(queue: EndpointQueueItem) -> Slot | QueueFull:
    """Take the one place of a failing endpoint, if it is time."""
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


def _well() -> Sequence[Action]:
    return [
        EndpointQueueItem.failures.set(0),
        EndpointQueueItem.probes.set(0),
        EndpointQueueItem.failing_since.remove(),
        EndpointQueueItem.next_probe_at.remove(),
    ]


def _described() -> Sequence[Action]:
    """Say what makes the item if it is not there; last come failures, probes and whether there is a backlog."""
    return [
        EndpointQueueItem.kind.set(EndpointQueueItem),
        EndpointQueueItem.schema_version.set(1),
        EndpointQueueItem.created_at.set(EndpointQueueItem.created_at | ids.now()),
        EndpointQueueItem.expires_at.set(ids.epoch_in(DELIVERY_KEPT_SECONDS)),
        EndpointQueueItem.failures.set(EndpointQueueItem.failures | 0),
        EndpointQueueItem.probes.set(EndpointQueueItem.probes | 0),
        EndpointQueueItem.backlog.set(EndpointQueueItem.backlog | False),
    ]
