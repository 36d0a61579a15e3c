"""Table items of activities: one partition per user and month, ordered by time."""

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from lamina.storage.item import Item
from lamina.storage.keys import key, list_position

DAY_SECONDS = 24 * 3600
MONTH = len("2026-11")
"""Number of leading characters of a timestamp that identify its month."""


class ActivityItem(Item, discriminator="activity"):
    """An event of a user: `ACTIVITY#<user id>#<yyyy-mm>` / `<occurred at>#<event id>`.

    The key is derived from the event, so that writing it twice has no further effect.
    """

    event_type = UnicodeAttribute()
    actor = UnicodeAttribute(null=True)
    correlation_id = UnicodeAttribute()
    data = JSONAttribute()


def partition(user_id: str, month: str) -> str:
    """Return the partition of a user's activities of one month (`2026-11`)."""
    return f"{key('ACTIVITY', user_id)}#{month}"


def activity_key(user_id: str, occurred_at: str, event_id: str) -> tuple[str, str]:
    """Return the key of an activity."""
    return partition(user_id, occurred_at[:MONTH]), list_position(occurred_at, event_id)
