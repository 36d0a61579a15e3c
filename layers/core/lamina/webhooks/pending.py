"""What is to be tried: claimed by one at a time, put off, parked and woken, each by a conditional write."""

from pynamodb.expressions.update import Action

from lamina import ids
from lamina.storage import conditional
from lamina.storage.keys import value_of
from lamina.webhooks.endpoint_queue import LEASE_SECONDS
from lamina.webhooks.items import ParkedItem, PendingItem, due_place, parked_key, pending_key
from lamina.webhooks.queue import DeliveryKey, enqueue

LOST_AFTER_SECONDS = 60
"""When a message that should have been received long since is taken for lost."""
LOOKED_AT_AGAIN_SECONDS = 900
"""When a message of the schedule is taken for lost: a busy queue must not be filled with the same ones again."""


def is_due(pending: PendingItem) -> bool:
    """Tell whether it may be tried now; while somebody tries it, it is not."""
    return pending.next_attempt_at <= ids.now()


def claim(pending: PendingItem) -> bool:
    """Take a delivery to be tried, for as long as that may take; tells whether nobody else did."""
    until = ids.ahead(LEASE_SECONDS)
    actions = [
        PendingItem.next_attempt_at.set(until),
        PendingItem.in_flight.set(True),
        PendingItem.tries.add(1),
        _wakes(pending, until),
    ]
    return conditional.update(pending, actions, PendingItem.next_attempt_at == pending.next_attempt_at)


def put_off(pending: PendingItem, until: str, *, wakes_at: str) -> None:
    """Set a claimed delivery down until its next try; it is for the caller to save it.

    Args:
        pending: the delivery.
        until: when it may be tried.
        wakes_at: when to see whether it has been.
    """
    pending.next_attempt_at, pending.in_flight, pending.urgent = until, False, False
    _, pending.gsisk = due_place(*place_of(pending), wakes_at)


def park(pending: PendingItem, until: str) -> None:
    """Leave a delivery until its endpoint has a place for it, or until then. It counts as no try."""
    seen_due_at = pending.next_attempt_at
    note = ParkedItem(
        *parked_key(*place_of(pending)), seen_due_at=seen_due_at, until=until, expires_at=pending.expires_at
    )
    # Whoever wakes it between the two writes changes what the second one expects: nothing is left without a note.
    note.save(add_version_condition=False)
    actions = [PendingItem.next_attempt_at.set(until), _wakes(pending, until)]
    conditional.update(pending, actions, PendingItem.next_attempt_at == seen_due_at)


def wake(webhook_id: str, count: int, *, after: float = 0) -> bool:
    """Have the oldest deliveries that wait for their endpoint tried, in so many seconds.

    Args:
        webhook_id: of the endpoint.
        count: how many at the most.
        after: seconds from now.

    Returns:
        Whether there were any; those that somebody else wakes at the same time count too.
    """
    woken: list[DeliveryKey] = []
    seen = 0
    while seen < count and (notes := _parked(webhook_id, count - seen)):
        for note in notes:
            # In this order, so that whoever dies in between leaves a note too many and not one too few.
            was_parked, was_there = _make_due(note, after), _remove(note)
            if was_parked:
                woken.append(place_of(note))
            # One that was there and not parked is left over; one that is gone is somebody else's.
            seen += was_parked or not was_there
    enqueue(woken, after)
    return seen > 0


def _parked(webhook_id: str, count: int) -> list[ParkedItem]:
    partition, prefix = parked_key(webhook_id, "")
    return list(ParkedItem.query(partition, ParkedItem.sk.startswith(prefix), consistent_read=True, limit=count))


def _make_due(note: ParkedItem, after: float) -> bool:
    """Have a parked delivery tried in so many seconds; tells whether it was still parked."""
    pending = PendingItem(*pending_key(*place_of(note)))
    due = PendingItem.next_attempt_at
    actions = [due.set(ids.ahead(after)), _wakes(pending, ids.ahead(after + LOST_AFTER_SECONDS))]
    return conditional.update(pending, actions, (due == note.seen_due_at) | (due == note.until))


def _remove(note: ParkedItem) -> bool:
    """Remove a note, unless its delivery was parked again since; tells whether it was still there."""
    return conditional.delete(note, ParkedItem.until == note.until)


def look_again(delivery_key: DeliveryKey, seen_at: str) -> bool:
    """Move a delivery on in the list of what is due, before its message is sent; tells whether it was still there.

    Args:
        place: the delivery.
        seen_at: the position in the list at which it was seen.
    """
    pending = PendingItem(*pending_key(*delivery_key))
    return conditional.update(
        pending, [_wakes(pending, ids.ahead(LOOKED_AT_AGAIN_SECONDS))], PendingItem.gsisk == seen_at
    )


def place_of(pending: PendingItem | ParkedItem) -> DeliveryKey:
    """Name the delivery."""
    return value_of(pending.pk), value_of(pending.sk)


def _wakes(pending: PendingItem, at: str) -> Action:
    return PendingItem.gsisk.set(due_place(*place_of(pending), at)[1])
