"""Purges what a customer has of orders. The orders themselves outlive it: they name it by an id only."""

from lamina.orders.entries import LatestOrdersItem, latest_key
from lamina.storage.batch_deletion import BatchDeletion


def purge(user_id: str, deletion: BatchDeletion) -> None:
    """Delete the item with the latest orders of a purged user.

    Raises:
        Interrupted: if time runs out before it is deleted.
    """
    deletion.remove("latest orders", LatestOrdersItem.query(latest_key(user_id)[0]))
