"""Allows one process at a time to deliver the events of a subject, so that they arrive in order and once.

Whoever receives an event while another process delivers those of its subject leaves the event to it: a holder does not
finish before it has looked for what was left to it. If it dies, its own message comes back from the queue, and whoever
receives that, or the next event, continues where it stopped.
"""

import time
from dataclasses import dataclass, replace

from lamina import ids
from lamina.errors import Conflict
from lamina.realtime.items import SubjectQueueItem, subject_queue_key
from lamina.storage import conditional

LEASE_SECONDS = 10
"""How long nobody else delivers after the holder was last heard of."""
KEPT_SECONDS = 24 * 3600
ATTEMPTS = 5


@dataclass(frozen=True)
class Lease:
    """The right to deliver the events of a subject.

    Attributes:
        subject: name of the subject (`user#<id>`).
        holder: id of this holder.
        wanted: the last event that was left to the holder when it looked.
        done: version up to which all events are delivered.
        done_at: when the last of them occurred.
        renewed_at: monotonic time of the last renewal.
    """

    subject: str
    holder: str
    wanted: str | None
    done: int
    done_at: str | None
    renewed_at: float


def acquire(subject: str, event_id: str) -> Lease | None:
    """Return the lease of a subject, or leave an event to the process that has it.

    Raises:
        Conflict: if neither was possible; retry.
    """
    holder = ids.new_id()
    for _ in range(ATTEMPTS):
        item, now = _item(subject), _now()
        free = SubjectQueueItem.until.does_not_exist() | (SubjectQueueItem.until < now)
        held = [
            SubjectQueueItem.kind.set(SubjectQueueItem),
            SubjectQueueItem.schema_version.set(1),
            SubjectQueueItem.created_at.set(SubjectQueueItem.created_at | ids.now()),
            SubjectQueueItem.expires_at.set(ids.epoch_in(KEPT_SECONDS)),
            SubjectQueueItem.done.set(SubjectQueueItem.done | 0),
            SubjectQueueItem.holder.set(holder),
            SubjectQueueItem.until.set(now + LEASE_SECONDS * 1000),
        ]
        if conditional.update(item, held, free):
            return _lease(subject, holder, item)
        if conditional.update(item, [SubjectQueueItem.wanted.set(event_id)], SubjectQueueItem.until >= _now()):
            return None
    raise Conflict


def renew(lease: Lease) -> Lease | None:
    """Renew a lease if half of it is over; return None if it is lost."""
    if time.monotonic() - lease.renewed_at < LEASE_SECONDS / 2:
        return lease
    until = SubjectQueueItem.until.set(_now() + LEASE_SECONDS * 1000)
    is_held = conditional.update(_item(lease.subject), [until], SubjectQueueItem.holder == lease.holder)
    return replace(lease, renewed_at=time.monotonic()) if is_held else None


def finish(lease: Lease, done: int, done_at: str | None) -> Lease | None:
    """Record what is delivered, and release the lease unless another event was left to it.

    Returns:
        The lease, with which the events that were left are to be delivered; None if there are none, or it is lost.
    """
    progress = [SubjectQueueItem.done.set(done), *([SubjectQueueItem.done_at.set(done_at)] if done_at else [])]
    is_held = SubjectQueueItem.holder == lease.holder
    seen = SubjectQueueItem.wanted == lease.wanted if lease.wanted else SubjectQueueItem.wanted.does_not_exist()
    item = _item(lease.subject)
    released = [*progress, SubjectQueueItem.holder.remove(), SubjectQueueItem.until.set(0)]
    if conditional.update(item, [*released, SubjectQueueItem.wanted.remove()], is_held & seen):
        return None
    again = [*progress, SubjectQueueItem.until.set(_now() + LEASE_SECONDS * 1000)]
    return _lease(lease.subject, lease.holder, item) if conditional.update(item, again, is_held) else None


def abandon(lease: Lease) -> None:
    """Release a lease without having delivered everything; the message that is retried continues."""
    released = [SubjectQueueItem.holder.remove(), SubjectQueueItem.until.set(0)]
    conditional.update(_item(lease.subject), released, SubjectQueueItem.holder == lease.holder)


def _item(subject: str) -> SubjectQueueItem:
    return SubjectQueueItem(*subject_queue_key(subject))


def _lease(subject: str, holder: str, item: SubjectQueueItem) -> Lease:
    return Lease(subject, holder, item.wanted, int(item.done), item.done_at, time.monotonic())


def _now() -> int:
    return int(time.time() * 1000)
