"""Purges the webhooks of a user and their deliveries."""

from typing import TYPE_CHECKING

from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.item import Entry
from lamina.storage.keys import key
from lamina.webhooks import directory
from lamina.webhooks.items import directory_key

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition


def purge(user_id: str, requeue_due: BatchDeletion) -> None:
    """Delete the webhooks of a purged user and their deliveries; nothing more is sent to them.

    The list of webhooks is deleted last, so that an interrupted run can be continued.

    Raises:
        Interrupted: if time runs out before all are deleted.
    """
    owned = list(directory.read(user_id).webhook_ids)
    if owned and not requeue_due.dry_run:
        directory.remove_from_everybody(owned)
    for webhook_id in owned:
        requeue_due.remove("webhooks and deliveries", Entry.query(key("WEBHOOK", webhook_id)))
    partition, position = directory_key(user_id)
    only: Condition = Entry.sk == position
    requeue_due.remove("lists of webhooks", Entry.query(partition, only))
