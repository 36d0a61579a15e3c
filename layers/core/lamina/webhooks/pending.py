"""Pending deliveries: claimed, postponed, parked and woken, each by a conditional write."""

from typing import TYPE_CHECKING

from lamina import ids
from lamina.storage import conditional
from lamina.storage.keys import value_of
from lamina.webhooks.endpoint_queue import LEASE_SECONDS
from lamina.webhooks.items import ParkedItem, PendingItem, due_place, parked_key, pending_key
from lamina.webhooks.queue import DeliveryKey, enqueue

if TYPE_CHECKING:
    from pynamodb.expressions.update import Action

LOST_AFTER_SECONDS = 60
"""Seconds after which a message is considered lost."""
LOOKED_AT_AGAIN_SECONDS = 900
"""Seconds after which a message of the schedule is considered lost; longer, so that a busy queue gets no duplicates."""


def is_due(pending: PendingItem) -> bool:
    """Return whether a delivery may be attempted now; not while it is being attempted."""
    return pending.next_attempt_at <= ids.now()


def claim(pending: PendingItem) -> bool:
    """Claim a delivery for the duration of an attempt; return whether nobody else has claimed it."""
    until = ids.ahead(LEASE_SECONDS)
    actions = [
        PendingItem.next_attempt_at.set(until),
        PendingItem.in_flight.set(True),
        PendingItem.tries.add(1),
        _wakes(pending, until),
    ]
    return conditional.update(pending, actions, PendingItem.next_attempt_at == pending.next_attempt_at)


def put_off(pending: PendingItem, until: str, *, wakes_at: str) -> None:
    """Set a claimed delivery to its next attempt; the caller saves it.

    Args:
        pending: the delivery.
        until: time of the next attempt.
        wakes_at: when to check whether its message was lost.
    """
    pending.next_attempt_at, pending.in_flight, pending.urgent = until, False, False
    _, pending.gsisk = due_place(*place_of(pending), wakes_at)


def park(pending: PendingItem, until: str) -> None:
    """Park a delivery until its endpoint has a free slot, or until this time. It does not count as an attempt."""
    seen_due_at = pending.next_attempt_at
    note = ParkedItem(
        *parked_key(*place_of(pending)), seen_due_at=seen_due_at, until=until, expires_at=pending.expires_at
    )
    # A concurrent wake between the two writes changes what the second one expects, so every parked delivery has a note.
    note.save(add_version_condition=False)
    actions = [PendingItem.next_attempt_at.set(until), _wakes(pending, until)]
    conditional.update(pending, actions, PendingItem.next_attempt_at == seen_due_at)


def wake(webhook_id: str, count: int, *, after: float = 0) -> bool:
    """Wake the oldest parked deliveries of an endpoint.

    Args:
        webhook_id: id of the webhook.
        count: maximum number of deliveries.
        after: delay in seconds.

    Returns:
        Whether there were any, including those that were woken concurrently.
    """
    woken: list[DeliveryKey] = []
    seen = 0
    while seen < count and (notes := _parked(webhook_id, count - seen)):
        for note in notes:
            # In this order, a crash in between leaves one note too many rather than one too few.
            was_parked, was_there = _make_due(note, after), _remove(note)
            if was_parked:
                woken.append(place_of(note))
            # A note without a parked delivery is left over; one that is gone was removed concurrently.
            seen += was_parked or not was_there
    enqueue(woken, after)
    return seen > 0


def _parked(webhook_id: str, count: int) -> list[ParkedItem]:
    partition, prefix = parked_key(webhook_id, "")
    return list(ParkedItem.query(partition, ParkedItem.sk.startswith(prefix), consistent_read=True, limit=count))


def _make_due(note: ParkedItem, after: float) -> bool:
    """Set a parked delivery due after this number of seconds; return whether it was still parked."""
    pending = PendingItem(*pending_key(*place_of(note)))
    due = PendingItem.next_attempt_at
    actions = [due.set(ids.ahead(after)), _wakes(pending, ids.ahead(after + LOST_AFTER_SECONDS))]
    return conditional.update(pending, actions, (due == note.seen_due_at) | (due == note.until))


def _remove(note: ParkedItem) -> bool:
    """Delete a note, unless its delivery was parked again; return whether it still existed."""
    return conditional.delete(note, ParkedItem.until == note.until)


def look_again(delivery_key: DeliveryKey, seen_at: str) -> bool:
    """Move a delivery on in the list of due deliveries, before its message is sent; return whether it was still there.

    Args:
        delivery_key: ids of webhook and delivery.
        seen_at: position in the list at which it was seen.
    """
    pending = PendingItem(*pending_key(*delivery_key))
    return conditional.update(
        pending, [_wakes(pending, ids.ahead(LOOKED_AT_AGAIN_SECONDS))], PendingItem.gsisk == seen_at
    )


def place_of(pending: PendingItem | ParkedItem) -> DeliveryKey:
    """Return the ids of webhook and delivery."""
    return value_of(pending.pk), value_of(pending.sk)


def _wakes(pending: PendingItem, at: str) -> "Action":
    return PendingItem.gsisk.set(due_place(*place_of(pending), at)[1])
