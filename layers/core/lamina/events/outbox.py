"""The outbox: an event is an item in its subject's partition, written in the transaction of the change itself.

The table's stream carries it to the publisher, so that exactly the committed changes are published. Events of one
subject share its partition key, hence one shard of the stream, which preserves their order.
"""

import json
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from lamina import ids
from lamina.events.event_type import EventType, Fact
from lamina.observability import tracing
from lamina.storage.item import Item
from lamina.storage.keys import key

KEPT_SECONDS = 90 * 24 * 3600
"""How long an event can be replayed from the outbox."""
MAX_DATA_BYTES = 32 * 1024
"""Maximum size of the data; the bus and its queues accept 256 KB per event."""


class OutboxItem(Item, discriminator="event"):
    """One event: `{id, type, version, occurred_at, correlation_id, actor, subject, data}`."""

    event_id = UnicodeAttribute()
    event_type = UnicodeAttribute()
    event_version = NumberAttribute(default=1)
    correlation_id = UnicodeAttribute()
    actor = UnicodeAttribute(null=True)
    subject = UnicodeAttribute()
    trace = UnicodeAttribute(null=True)
    """The trace header of the request or message that caused it."""
    data = JSONAttribute()


def event_key(kind: EventType[Any], subject: str, event_id: str) -> tuple[str, str]:
    """Return the key of an event."""
    return key(kind.subject.upper(), subject), key("EVENT", event_id)


def event(fact: Fact, subject: str, *, actor: str | None, correlation_id: str, event_id: str = "") -> OutboxItem:
    """Return the outbox item of an event, to be written with the change that it describes.

    Args:
        fact: type and data of the event (`USER_CREATED.of({…})`).
        subject: id of the subject; the event is stored in its partition.
        actor: id of the user who caused it, or None for the system and for anonymous callers.
        correlation_id: correlation id of the request or message that caused it.
        event_id: an id derived from the cause, so that a second attempt raises no second event; else a new one.

    Raises:
        ValueError: if the data are too large for the bus.
    """
    if len(json.dumps(fact.data)) > MAX_DATA_BYTES:
        raise ValueError(f"the data of a {fact.type.name} are too large")
    event_id = event_id or ids.new_id()
    return OutboxItem(
        *event_key(fact.type, subject, event_id),
        event_id=event_id,
        event_type=fact.type.name,
        event_version=fact.type.version,
        correlation_id=correlation_id,
        actor=actor,
        created_by=actor,
        subject=subject,
        trace=tracing.header(),
        data=fact.data,
        expires_at=ids.epoch_in(KEPT_SECONDS),
    )
