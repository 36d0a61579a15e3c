"""Reading activities: month after month, and no more of them than can hold any."""

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
"""Activities that a page with a filter by type looks at; at 300 bytes each they take some 40 read units."""
CHUNK = 101
"""Activities that one query asks for: what the longest page takes, and one to know whether there are more."""
ALL = Filter()


def read(user: User, wanted: Filter = ALL) -> Iterator[Activity]:
    """Read a user's activities, newest first: a query for each month that may hold some, more for a busy one.

    Args:
        user: whose.
        wanted: which of them.
    """
    found = _walk(user, wanted, START, MOST_LOOKED_AT)
    return (_activity(item) for item in found if wanted.takes(item.event_type))


def read_page(user: User, wanted: Filter, limit: int, cursor: Cursor | None) -> Page[Activity]:
    """Read one page: a query for each month that it takes to fill it, and with a filter by type a few more.

    Args:
        user: whose.
        wanted: which activities.
        limit: how many at the most, 1 to 100.
        cursor: where to go on; None for the newest.
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
    """Yield what lies beyond the cursor and within the bounds, of any type, in the order of reading.

    A position is an instant and more, so that no position equals the bare instants of the bounds: what happens at
    `since` lies behind it, and so does what happens at `until`, as both should.
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
    """Tell the instant before which nothing is kept; the table takes a few days to remove what is older."""
    return ids.ago(settings().activity_days * DAY_SECONDS)


def months(low: str, high: str) -> list[str]:
    """Give the months from one instant to another, oldest first; those to come hold nothing, but clocks differ."""
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
