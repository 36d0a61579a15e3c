"""What of activities goes with a user."""

from lamina import ids
from lamina.activities.items import partition
from lamina.activities.reading import earliest, months
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Remove the activities of a user that is no longer: a query for each month in which they are kept.

    Raises:
        Interrupted: before all were removed.
    """
    for month in months(earliest(), ids.now()):
        deletion.remove("activities", Entry.query(partition(user_id, month)))
