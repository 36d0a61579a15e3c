"""Converts events to activities."""

from collections.abc import Mapping, Sequence
from typing import Any

from lamina import ids
from lamina.activities.items import DAY_SECONDS, ActivityItem, activity_key
from lamina.events.catalog import CATALOG, USER_PURGED
from lamina.settings import settings

SUBJECTS = {event_type.name: event_type.subject for event_type in CATALOG.values()}
"""The subjects of events, by type."""


def activity(event: Mapping[str, Any]) -> ActivityItem | None:
    """Return the activity of an event: of the user that it is about, or else of the owner of its subject.

    Args:
        event: the envelope of the event.

    Returns:
        None if the event does not concern a user, the user no longer exists, or the event is older than the retention
        period (both may occur in replays).

    Raises:
        KeyError: for an unknown event type.
    """
    end = ids.epoch_of(event["occurred_at"]) + settings().activity_days * DAY_SECONDS
    user_id = event["subject"] if SUBJECTS[event["type"]] == "user" else event["data"].get("owner_id")
    if user_id is None or event["type"] == USER_PURGED.name or end <= ids.epoch_in(0):
        return None
    return ActivityItem(
        *activity_key(user_id, event["occurred_at"], event["id"]),
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
    """Write activities, whether or not they exist: one BatchWriteItem for up to 25.

    Raises:
        PutError: if the table did not accept all of them.
    """
    # A batch must not contain a key twice.
    found = {item.sk: item for item in activities if item is not None}
    with ActivityItem.batch_write() as batch:
        for item in found.values():
            batch.save(item)
