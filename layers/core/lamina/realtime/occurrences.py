"""The events that subscriptions follow, read from the outbox in the order of their subject.

The outbox tells what the bus may not: an event that arrives early finds its predecessors there, and one that arrives
late finds itself delivered. So no event waits for another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from lamina import ids
from lamina.access.policy import Role
from lamina.errors import NotFound
from lamina.events import catalog
from lamina.events.envelope import Event
from lamina.events.outbox import OutboxItem, read_since
from lamina.graphql import topics as names
from lamina.graphql.topics import Occurrence
from lamina.jobs import service as jobs
from lamina.jobs.model import Job, JobStatus
from lamina.orders import store as orders
from lamina.orders.errors import OrderNotFound
from lamina.orders.events import fold
from lamina.orders.model import Order
from lamina.posts import reading
from lamina.posts.model import WrittenPost
from lamina.users import service as users
from lamina.users.model import Status, User

LOOKED_BACK_SECONDS = 15 * 60
"""How far back the predecessors of an event are looked for."""
SKEW_SECONDS = 5
"""How much the clocks of two processes differ at most."""

ENDS = catalog.USER_DELETED.name
JOB_STATUS = {
    catalog.JOB_REQUESTED.name: JobStatus.QUEUED,
    catalog.JOB_REQUEUED.name: JobStatus.QUEUED,
    catalog.JOB_STARTED.name: JobStatus.RUNNING,
    catalog.JOB_SUCCEEDED.name: JobStatus.SUCCEEDED,
    catalog.JOB_FAILED.name: JobStatus.FAILED,
    catalog.JOB_CANCELLED.name: JobStatus.CANCELLED,
}
ORDER_EVENTS = (
    catalog.ORDER_RESERVED,
    catalog.ORDER_PAID,
    catalog.ORDER_CONFIRMED,
    catalog.ORDER_REJECTED,
    catalog.ORDER_CANCELLED,
    catalog.PAYMENT_REFUNDED,
)
FOLLOWED = {
    catalog.USER_UPDATED.name: "user",
    catalog.USER_DELETED.name: "user",
    catalog.POST_PUBLISHED.name: "post",
    **dict.fromkeys(JOB_STATUS, "job"),
    **dict.fromkeys((each.name for each in ORDER_EVENTS), "order"),
}
"""The kind of subject, by type of event."""
RESTORES = {catalog.USER_UPDATED.name, catalog.USER_DELETED.name, catalog.USER_RESTORED.name}
"""Events of a user that keep what they have replaced."""


@dataclass(frozen=True)
class Subject:
    """What an event is about: `user`, `post`, `job` or `order`, and its id."""

    kind: str
    id: str

    @property
    def name(self) -> str:
        """The name of its queue."""
        return f"{self.kind}#{self.id}"


@dataclass(frozen=True)
class Followed:
    """An event that is to be delivered.

    Attributes:
        id: id of the event.
        type: its type.
        subject_id: id of its subject.
        version: version of the subject after the event.
        occurred_at: RFC 3339 UTC.
        topics: topics of the subscriptions that follow it.
        root: root object for the execution of subscriptions; None if there is nothing to show.
        ends: whether it is the last event of its subject: subscriptions are completed.
    """

    id: str
    type: str
    subject_id: str
    version: int
    occurred_at: str
    topics: frozenset[str]
    root: Occurrence[Any] | None
    ends: bool = False


def subject_of(event: Event) -> Subject | None:
    """Return the subject of an event; None if no subscription follows its type."""
    kind = FOLLOWED.get(event["type"])
    return Subject(kind, event["subject"]) if kind else None


def topics_of(kind: str, subject_id: str, data: Mapping[str, Any]) -> frozenset[str]:
    """Return the topics of an event by its subject and its data."""
    match kind:
        case "user":
            return frozenset({names.user_topic(subject_id)})
        case "job":
            return frozenset({names.job_topic(subject_id)})
        case "order":
            return frozenset({names.order_topic(subject_id)})
        case _:
            return frozenset({names.author_topic(data["owner_id"]), *names.post_topics()})


def read(subject: Subject, event: Event, done: int, done_at: str | None) -> list[Followed]:
    """Return the events of a subject that may not be delivered yet, in order, with the subject as of each.

    Args:
        subject: the subject.
        event: the event that arrived.
        done: version up to which all are delivered.
        done_at: when the last of these occurred; None if it is not known.
    """
    # The subject is read first, so that all events up to its version are in the outbox.
    show, version = _READERS[subject.kind](subject.id)
    since = _earlier(event["occurred_at"], LOOKED_BACK_SECONDS)
    if done_at is not None:
        since = max(since, _earlier(done_at, SKEW_SECONDS))
    kept = [each for each in read_since(subject.kind, subject.id, since) if (each.subject_version or 0) > 0]
    log = sorted(kept, key=lambda each: int(each.subject_version or 0))
    return [
        _followed(subject, each, show(each, log))
        for each in log
        if each.event_type in FOLLOWED and done < int(each.subject_version or 0) <= version
    ]


def _followed(subject: Subject, event: OutboxItem, shown: object) -> Followed:
    changed = frozenset(event.data.get("changed", ()))
    return Followed(
        event.event_id,
        event.event_type,
        subject.id,
        int(event.subject_version or 0),
        event.created_at,
        topics_of(subject.kind, subject.id, event.data),
        Occurrence(shown, changed) if shown is not None else None,
        ends=event.event_type == ENDS,
    )


type Show = Callable[[OutboxItem, Sequence[OutboxItem]], object]
"""Returns the subject as of an event, given all events; None if there is nothing to show."""


def _user(user_id: str) -> tuple[Show, int]:
    current = users.get_many([user_id]).get(user_id)
    if current is None:
        return _nothing, 0

    def show(event: OutboxItem, log: Sequence[OutboxItem]) -> User | None:
        # What the caller may read is decided by the user of now: a deleted one is shown to nobody.
        return None if current.deleted_at else user_as_of(current, int(event.subject_version or 0), log)

    return show, current.version


def user_as_of(current: User, version: int, log: Sequence[OutboxItem]) -> User:
    """Return a user at an earlier version: the later events are undone, the latest first."""
    found = current
    for event in reversed(log):
        if version < int(event.subject_version or 0) <= current.version and event.event_type in RESTORES:
            found = replace(found, **_typed(event.replaced or {}))
    return replace(found, version=version)


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    kinds: dict[str, Callable[[Any], object]] = {"role": Role, "status": Status}
    return {name: kinds[name](value) if name in kinds else value for name, value in values.items()}


def _post(post_id: str) -> tuple[Show, int]:
    found: WrittenPost | None = reading.get_written(post_id)
    return (lambda _, __: found), (found.post.version if found else 0)


def _job(job_id: str) -> tuple[Show, int]:
    try:
        current = jobs.get(job_id)
    except NotFound:
        return _nothing, 0

    def show(event: OutboxItem, _: Sequence[OutboxItem]) -> Job:
        return job_as_of(current, event)

    return show, current.version


def job_as_of(current: Job, event: OutboxItem) -> Job:
    """Return a job as of an event: its status is that of the event, and what came later is not there."""
    status, version = JOB_STATUS[event.event_type], int(event.subject_version or 0)
    if status == current.status and version <= current.version and event.data["attempts"] == current.attempts:
        return current
    return replace(
        current,
        status=status,
        progress=0,
        attempts=event.data["attempts"],
        error=None,
        finished_at=None,
        updated_at=event.created_at,
        version=version,
    )


def _order(order_id: str) -> tuple[Show, int]:
    try:
        events = orders.history(order_id)
    except OrderNotFound:
        return _nothing, 0

    def show(event: OutboxItem, _: Sequence[OutboxItem]) -> Order:
        return fold(events[: int(event.subject_version or 0)])

    return show, len(events)


def _nothing(_: OutboxItem, __: Sequence[OutboxItem]) -> None:
    return None


def _earlier(instant: str, seconds: int) -> str:
    return ids.stamp(datetime.fromisoformat(instant) - timedelta(seconds=seconds))


_READERS: Mapping[str, Callable[[str], tuple[Show, int]]] = {"user": _user, "post": _post, "job": _job, "order": _order}
