"""The outbox: an event is an item in its subject's partition, written in the transaction of the change itself.

The table's stream carries it to the publisher, so that exactly the committed changes are published. Events of one
subject share its partition key, hence one shard of the stream, which preserves their order.
"""

import json
from collections.abc import Mapping
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
    subject_version = NumberAttribute(null=True)
    """Version of the subject after the change. Not published."""
    replaced = JSONAttribute(null=True)
    """The values that the change has replaced, by field. Not published: they may be personal data."""


def event_key(kind: EventType[Any], subject: str, event_id: str) -> tuple[str, str]:
    """Return the key of an event."""
    return key(kind.subject.upper(), subject), key("EVENT", event_id)


def event(
    fact: Fact,
    subject: str,
    *,
    actor: str | None,
    correlation_id: str,
    event_id: str = "",
    subject_version: int | None = None,
    replaced: Mapping[str, object] | None = None,
) -> OutboxItem:
    """Return the outbox item of an event, to be written with the change that it describes.

    Args:
        fact: type and data of the event (`USER_CREATED.of({…})`).
        subject: id of the subject; the event is stored in its partition.
        actor: id of the user who caused it, or None for the system and for anonymous callers.
        correlation_id: correlation id of the request or message that caused it.
        event_id: an id derived from the cause, so that a second attempt raises no second event; else a new one.
        subject_version: version of the subject after the change, if subscriptions follow it.
        replaced: the values that the change replaces, by field, with which the state before it can be restored.

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
        subject_version=subject_version,
        replaced=dict(replaced) if replaced else None,
        expires_at=ids.epoch_in(KEPT_SECONDS),
    )


def read_since(kind: str, subject: str, since: str) -> list[OutboxItem]:
    """Return the events of a subject that occurred at an instant or later: a consistent query.

    Args:
        kind: type of the subject (`user`).
        subject: its id.
        since: the instant, RFC 3339 UTC.
    """
    first = key("EVENT", ids.first_id(since))
    last = key("EVENT", "~")
    return list(OutboxItem.query(key(kind.upper(), subject), OutboxItem.sk.between(first, last), consistent_read=True))
