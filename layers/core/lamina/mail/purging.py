"""Purges the mail records of a user."""

from lamina.mail.items import refused_address_key, welcome_key
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Delete the records of a purged user: two queries.

    Raises:
        Interrupted: if time runs out before that.
    """
    for name, (partition, position) in {
        "refused addresses": refused_address_key(user_id),
        "welcomes": welcome_key(user_id),
    }.items():
        deletion.remove(name, Entry.query(partition, Entry.sk == position))
