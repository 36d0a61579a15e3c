"""Purges the connections of a user, and what events of the user were delivered by."""

from lamina.realtime import connections
from lamina.realtime.items import subject_queue_key, user_sockets_key
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Delete the connections of a purged user with their subscriptions; all of them have ended long ago.

    Raises:
        Interrupted: if time runs out before all are deleted.
    """
    for connection in connections.of_user(user_id):
        deletion.check_time()
        if not deletion.dry_run:
            connections.end(connection.id)
        deletion.removed["connections"] += 1
    for what, key in (
        ("lists of connections", user_sockets_key(user_id)),
        ("deliveries to connections", subject_queue_key(f"user#{user_id}")),
    ):
        partition, position = key
        deletion.remove(what, Entry.query(partition, Entry.sk == position))
