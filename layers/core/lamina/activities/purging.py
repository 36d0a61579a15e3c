"""What of activities goes with a user."""

from lamina import ids
from lamina.activities.items import partition
from lamina.activities.reading import earliest, months
from lamina.storage.batch_deletion import Sweep
from lamina.storage.item import Entry


def purge(user_id: str, sweep: Sweep) -> None:
    """Remove the activities of a user that is no longer: a query for each month in which they are kept.

    Raises:
        Interrupted: before all were removed.
    """
    for month in months(earliest(), ids.now()):
        sweep.remove("activities", Entry.query(partition(user_id, month)))
