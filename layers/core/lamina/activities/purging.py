"""Purges the activities of a user."""

from lamina import ids
from lamina.activities.items import partition
from lamina.activities.reading import earliest, months
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Delete the activities of a purged user, with one query per month of the retention period.

    Raises:
        Interrupted: if time runs out before all are deleted.
    """
    for month in months(earliest(), ids.now()):
        deletion.remove("activities", Entry.query(partition(user_id, month)))
