"""What goes with a user: what mail has to remember of it."""

from lamina.mail.items import welcome_key
from lamina.storage.item import Entry
from lamina.storage.sweeping import Sweep


def purge(user_id: str, sweep: Sweep) -> None:
    """Forget whether a user that is no longer was welcomed: a query, and a write if it was.

    Raises:
        Interrupted: before that was done.
    """
    partition, position = welcome_key(user_id)
    sweep.remove("welcomes", Entry.query(partition, Entry.sk == position))
