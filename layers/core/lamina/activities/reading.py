"""Reads activities month by month, and only the months that may contain any."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lamina import ids
from lamina.activities.items import DAY_SECONDS, MONTH, ActivityItem, partition
from lamina.activities.model import Activity, Filter
from lamina.settings import settings
from lamina.storage.cursors import Cursor
from lamina.storage.keys import identifier_of
from lamina.storage.pages import START, Page, page_of
from lamina.storage.sharded_list import Chunk
from lamina.users.model import User

MOST_LOOKED_AT = 1000
"""Maximum number of activities examined for a page with a type filter; about 40 read units at 300 bytes each."""
CHUNK = 101
"""Activities per query: the largest page, and one more to know whether there are more."""
ALL = Filter()


def read(user: User, wanted: Filter = ALL) -> Iterator[Activity]:
    """Yield a user's activities, newest first, with at least one query per month that may contain any.

    Args:
        user: the user.
        wanted: the filter.
    """
    found = _walk(user, wanted, START, MOST_LOOKED_AT)
    return (_activity(item) for item in found if wanted.takes(item.event_type))


def read_page(user: User, wanted: Filter, limit: int, cursor: Cursor | None) -> Page[Activity]:
    """Return a page, with one query per month that is needed to fill it; a type filter needs a few more.

    Args:
        user: the user.
        wanted: the filter.
        limit: maximum number of activities, 1 to 100.
        cursor: position to continue from; None for the newest.
    """
    start = cursor or START
    looked_at: list[str] = []
    found: list[Activity] = []
    more = False
    for item in _walk(user, wanted, start, CHUNK if wanted.type else limit + 1):
        more = len(found) == limit or len(looked_at) == MOST_LOOKED_AT
        if more:
            break
        looked_at.append(item.sk)
        if wanted.takes(item.event_type):
            found.append(_activity(item))
    first, last = (looked_at[0], looked_at[-1]) if looked_at else ("", "")
    return page_of(Chunk(found, first, last, more), start)


def _walk(user: User, wanted: Filter, start: Cursor, chunk: int) -> Iterator[ActivityItem]:
    """Yield activities of any type after the cursor and within the bounds, in reading order.

    Positions are longer than the bare timestamps of the bounds, so they sort after them: activities at `since` are
    included, and those at `until` are excluded.
    """
    low, high = max(wanted.since, earliest(), user.created_at), wanted.until or ids.ETERNITY
    if start.position:
        low, high = (max(low, start.position), high) if start.backwards else (low, min(high, start.position))
    between = months(low, high)
    for month in between if start.backwards else reversed(between):
        found = ActivityItem.query(
            partition(user.id, month),
            ActivityItem.sk.between(low, high),
            scan_index_forward=start.backwards,
            page_size=chunk,
        )
        yield from (item for item in found if item.sk != start.position)


def earliest() -> str:
    """Return the start of the retention period; the table deletes older items within a few days."""
    return ids.ago(settings().activity_days * DAY_SECONDS)


def months(low: str, high: str) -> list[str]:
    """Return the months from one instant to another, oldest first. Future months are empty, but clocks differ."""
    if low > high:
        return []
    last = min(high[:MONTH], ids.ago(-DAY_SECONDS)[:MONTH])
    found = [low[:MONTH]]
    while found[-1] < last:
        following = datetime.fromisoformat(f"{found[-1]}-01") + timedelta(days=31)
        found.append(f"{following:%Y-%m}")
    return found


def _activity(item: ActivityItem) -> Activity:
    return Activity(
        id=identifier_of(item.sk),
        type=item.event_type,
        occurred_at=item.created_at,
        actor=item.actor,
        correlation_id=item.correlation_id,
        data=item.data,
    )
