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


class LaneItem(Item, discriminator="webhook_lane"):
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


PLACES = (LaneItem.place1, LaneItem.place2, LaneItem.place3, LaneItem.place4)


@dataclass(frozen=True)
class Place:
    """A place in a lane, held until then."""

    attribute: UnicodeAttribute
    until: str
    is_probe: bool = False


@dataclass(frozen=True)
class Full:
    """There is no place; look again then."""

    until: str


def lane_key(webhook_id: str) -> tuple[str, str]:
    """Give the key of the lane of a webhook."""
    return key("WEBHOOK", webhook_id), "LANE"


def is_open(lane: LaneItem) -> bool:
    """Tell whether the breaker is open: the endpoint is left alone but for a probe."""
    return int(lane.failures) >= OPENS_AFTER and lane.next_probe_at is not None


def enter(lane: LaneItem, *, urgent: bool) -> Place | Full:
    """Take a place, if there is one: a conditional write.

    Args:
        lane: as it was read; one that is not stored yet is made.
        urgent: whether to ask the endpoint though it is failing.
    """
    if is_open(lane) and not urgent:
        return _probe(lane)
    now, until = ids.now(), ids.ahead(LEASE_SECONDS)
    taken = [str(getattr(lane, place.attr_name) or "") for place in PLACES]
    for place, held_until in zip(PLACES, taken, strict=True):
        free = place.does_not_exist() | (place < now)
        if held_until < now and conditional.update(lane, [*_described(), place.set(until)], free):
            return Place(place, until)
    return Full(max(ids.ahead(1), min(filter(None, taken), default=until)))


def leave(lane: LaneItem, place: Place, *, succeeded: bool | None) -> None:
    """Give a place back, with what came of it; None when nothing was sent. Afterwards the lane is as stored now."""
    actions: list[Action] = [place.attribute.remove()]
    if succeeded:
        actions += _well()
    elif succeeded is False:
        actions += [LaneItem.failures.add(1), LaneItem.failing_since.set(LaneItem.failing_since | ids.now())]
        # Those who were under way when the breaker opened say nothing new: only a probe puts off the next one.
        if place.is_probe:
            probe_at = ids.ahead(retries.probe_delay(int(lane.probes) + 1))
            actions += [LaneItem.probes.add(1), LaneItem.next_probe_at.set(probe_at)]
        elif not is_open(lane):
            actions.append(LaneItem.next_probe_at.set(ids.ahead(retries.probe_delay(0))))
    # Somebody else may hold the place by now: then what we have seen is too old to count.
    conditional.update(lane, actions, place.attribute == place.until)


def note_backlog(lane: LaneItem, *, there_is: bool) -> None:
    """Remember whether deliveries are parked. Afterwards the lane is as stored now."""
    conditional.update(lane, [*_described()[:-1], LaneItem.backlog.set(there_is)])


def has_room(lane: LaneItem) -> bool:
    """Tell whether somebody could enter the lane as it was read, or may ask a failing endpoint."""
    now = ids.now()
    if is_open(lane):
        return str(lane.next_probe_at) < now
    return any(str(getattr(lane, place.attr_name) or "") < now for place in PLACES)


def afresh(webhook_id: str) -> Update:
    """Compose the change by which an endpoint counts as well again; what is parked there is looked for."""
    return LaneItem(*lane_key(webhook_id)), [
        *_described()[:-3],
        LaneItem.backlog.set(True),
        *_well(),
    ]


def has_failed_for_days(lane: LaneItem) -> bool:
    """Tell whether nothing has succeeded for so long that the endpoint is to be given up."""
    return (lane.failing_since or ids.ETERNITY) < ids.ago(GIVEN_UP_SECONDS)


def seconds_to_probe(lane: LaneItem) -> float:
    """Tell how long a failing endpoint is to be left alone."""
    left = datetime.fromisoformat(lane.next_probe_at) - datetime.fromisoformat(ids.now())
    return max(0.0, left.total_seconds())


def _probe(lane: LaneItem) -> Place | Full:
    """Take the one place of a failing endpoint, if it is time."""
    now, until = ids.now(), ids.ahead(LEASE_SECONDS)
    next_probe_at = str(lane.next_probe_at or "")
    if next_probe_at > now:
        return Full(next_probe_at)
    place = PLACES[0]
    actions = [LaneItem.next_probe_at.set(until), place.set(until)]
    if conditional.update(
        lane, actions, (LaneItem.next_probe_at == next_probe_at) & (LaneItem.failures >= OPENS_AFTER)
    ):
        return Place(place, until, is_probe=True)
    return Full(until)


def _well() -> Sequence[Action]:
    return [
        LaneItem.failures.set(0),
        LaneItem.probes.set(0),
        LaneItem.failing_since.remove(),
        LaneItem.next_probe_at.remove(),
    ]


def _described() -> Sequence[Action]:
    """Say what makes the item if it is not there; last come failures, probes and whether there is a backlog."""
    return [
        LaneItem.kind.set(LaneItem),
        LaneItem.schema_version.set(1),
        LaneItem.created_at.set(LaneItem.created_at | ids.now()),
        LaneItem.expires_at.set(ids.epoch_in(DELIVERY_KEPT_SECONDS)),
        LaneItem.failures.set(LaneItem.failures | 0),
        LaneItem.probes.set(LaneItem.probes | 0),
        LaneItem.backlog.set(LaneItem.backlog | False),
    ]
