"""What goes of the outbox with its subject."""

from typing import Any

from lamina import ids
from lamina.events.event_type import EventType
from lamina.events.outbox import OutboxItem
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.keys import key

ON_THEIR_WAY_SECONDS = 24 * 3600
"""Events of the last day stay: the publisher may not have had them yet, as long as the stream keeps them."""


def purge(last: EventType[Any], subject_id: str, deletion: BatchDeletion) -> None:
    """Remove the events of a subject, but for those of the last day and the one that tells of its end.

    Args:
        last: the event that stays until it expires, for whoever asks what became of the subject.
        subject_id: whose events.
        sweep: the run.

    Raises:
        Interrupted: before all were removed.
    """
    event = (OutboxItem.event_type != last.name) & (OutboxItem.created_at < ids.ago(ON_THEIR_WAY_SECONDS))
    partition = key(last.subject.upper(), subject_id)
    deletion.remove("events", OutboxItem.query(partition, OutboxItem.sk.startswith(key("EVENT", "")), event))
