"""Purges the events of a subject from the outbox."""

from typing import Any

from lamina import ids
from lamina.events.event_type import EventType
from lamina.events.outbox import OutboxItem
from lamina.storage.batch_deletion import BatchDeletion
from lamina.storage.keys import key

ON_THEIR_WAY_SECONDS = 24 * 3600
"""Events of the last day are kept: the publisher may not have processed them yet."""


def purge(last: EventType[Any], subject_id: str, deletion: BatchDeletion) -> None:
    """Delete the events of a subject, except those of the last day and the one that announces its end.

    Args:
        last: type of the event that is kept until it expires, to record what happened to the subject.
        subject_id: id of the subject.
        deletion: the current run.

    Raises:
        Interrupted: if time runs out before all are deleted.
    """
    event = (OutboxItem.event_type != last.name) & (OutboxItem.created_at < ids.ago(ON_THEIR_WAY_SECONDS))
    partition = key(last.subject.upper(), subject_id)
    deletion.remove("events", OutboxItem.query(partition, OutboxItem.sk.startswith(key("EVENT", "")), event))
