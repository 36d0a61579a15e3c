"""What goes with a user: what mail has to remember of it."""

from lamina.mail.items import refused_address_key, welcome_key
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Forget whether a user that is no longer was welcomed, and which address was refused: two queries.

    Raises:
        Interrupted: before that was done.
    """
    for name, (partition, position) in {
        "refused addresses": refused_address_key(user_id),
        "welcomes": welcome_key(user_id),
    }.items():
        deletion.remove(name, Entry.query(partition, Entry.sk == position))
