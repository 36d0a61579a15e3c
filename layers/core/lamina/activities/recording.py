"""From events to activities."""

from collections.abc import Mapping, Sequence
from typing import Any

from lamina import ids
from lamina.activities.items import DAY_SECONDS, ActivityItem, activity_key
from lamina.events.catalog import CATALOG, USER_PURGED
from lamina.settings import settings

SUBJECTS = {event_type.name: event_type.subject for event_type in CATALOG.values()}
"""The kinds of things that events are about, by type."""


def activity(event: Mapping[str, Any]) -> ActivityItem | None:
    """Compose the activity that an event becomes.

    Args:
        event: its envelope.

    Returns:
        None for an event that is not about a user, or of a user that is no longer, or too old to be kept (a replay may
        bring those).

    Raises:
        KeyError: for a type that this version does not know.
    """
    end = ids.epoch_of(event["occurred_at"]) + settings().activity_days * DAY_SECONDS
    if SUBJECTS[event["type"]] != "user" or event["type"] == USER_PURGED.name or end <= ids.epoch_in(0):
        return None
    return ActivityItem(
        *activity_key(event["subject"], event["occurred_at"], event["id"]),
        event_type=event["type"],
        actor=event["actor"],
        correlation_id=event["correlation_id"],
        data=event["data"],
        created_at=event["occurred_at"],
        created_by=event["actor"],
        version=1,
        expires_at=end,
    )


def record(activities: Sequence[ActivityItem | None]) -> None:
    """Write activities, whether or not they are there already: one BatchWriteItem for up to 25 of them.

    Raises:
        PutError: when the table did not take all of them.
    """
    # One batch takes no key twice.
    found = {item.sk: item for item in activities if item is not None}
    with ActivityItem.batch_write() as batch:
        for item in found.values():
            batch.save(item)
