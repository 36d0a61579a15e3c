"""What is to be tried: claimed by one at a time, put off, parked and woken, each by a conditional write."""

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from lamina import ids
from lamina.storage.keys import value_of
from lamina.webhooks.items import PendingItem, due_place, pending_key
from lamina.webhooks.lanes import LEASE_SECONDS
from lamina.webhooks.queue import Place, announce

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
        PendingItem.parked.set(False),
        PendingItem.tries.add(1),
        _wakes(pending, until),
    ]
    return _write(pending, actions, PendingItem.next_attempt_at == pending.next_attempt_at)


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
    actions = [PendingItem.next_attempt_at.set(until), PendingItem.parked.set(True), _wakes(pending, until)]
    _write(pending, actions, PendingItem.next_attempt_at == pending.next_attempt_at)


def wake(webhook_id: str, count: int, *, after: float = 0) -> int:
    """Have the oldest deliveries that wait for their endpoint tried, in so many seconds.

    Args:
        webhook_id: of the endpoint.
        count: how many at the most.
        after: seconds from now.

    Returns:
        How many there were.
    """
    partition, prefix = pending_key(webhook_id, "")
    is_parked = PendingItem.parked == True  # noqa: E712 (a condition, not a comparison)
    waiting = PendingItem.query(
        partition,
        PendingItem.sk.startswith(prefix),
        is_parked,
        consistent_read=True,
        limit=count,
        page_size=100,
    )
    found = list(waiting)
    at = ids.ahead(after)
    woken = [
        pending
        for pending in found
        if _write(
            pending,
            [
                PendingItem.next_attempt_at.set(at),
                PendingItem.parked.set(False),
                _wakes(pending, ids.ahead(after + LOST_AFTER_SECONDS)),
            ],
            is_parked,
        )
    ]
    announce([place_of(pending) for pending in woken], after)
    return len(found)


def look_again(place: Place, seen_at: str) -> bool:
    """Move a delivery on in the list of what is due, before its message is sent; tells whether it was still there.

    Args:
        place: the delivery.
        seen_at: the position in the list at which it was seen.
    """
    pending = PendingItem(*pending_key(*place))
    return _write(pending, [_wakes(pending, ids.ahead(LOOKED_AT_AGAIN_SECONDS))], PendingItem.gsisk == seen_at)


def place_of(pending: PendingItem) -> Place:
    """Name the delivery."""
    return value_of(pending.pk), value_of(pending.sk)


def _wakes(pending: PendingItem, at: str) -> Action:
    return PendingItem.gsisk.set(due_place(*place_of(pending), at)[1])


def _write(pending: PendingItem, actions: list[Action], condition: Condition) -> bool:
    """Change what is stored, whatever its version, if the condition holds; tells whether it did."""
    try:
        pending.update(actions, condition=condition, add_version_condition=False)
    except UpdateError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True
