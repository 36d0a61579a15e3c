"""Delivers events to the subscriptions of their topics: in the order of their subject, once a subscription.

A process has the lease of the subject while it delivers (`subject_queue`). Each message is recorded in its subscription
after it was sent, so that a retry sends only what was not. If the process dies in between, that one message is repeated
with the same `extensions.event.id`.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lamina.access.policy import Caller
from lamina.events.envelope import Event
from lamina.events.request_context import RequestContext
from lamina.graphql import subscriptions as graphql
from lamina.graphql.context import Context
from lamina.graphql_errors import as_graphql
from lamina.identity.model import CredentialRef
from lamina.identity.tokens.callers import callers_of
from lamina.observability.logs import log_failure, logger
from lamina.realtime import closing, connections, occurrences, protocol, subject_queue, subscriptions
from lamina.realtime.items import SubscriptionItem, subscription_key
from lamina.realtime.model import Subscription
from lamina.realtime.occurrences import Followed, Subject
from lamina.realtime.sockets import THREADS, Outcome, Sockets
from lamina.storage import conditional, parallel
from lamina.storage.iteration import HasTime

MAX_FAILURES = 3
"""Messages in a row that could not be sent, after which a connection is closed."""
MAX_POSITIONS = 20
"""Subjects of which a subscription remembers the version: more than are delivered at a time."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="push")


class NotDelivered(Exception):
    """Some subscriptions did not get all events; the message must be retried."""


def push(sockets: Sockets, event: Event, has_time: HasTime = lambda: True) -> None:
    """Deliver an event, and those of its subject that were not delivered before.

    Args:
        sockets: the connections.
        event: the event.
        has_time: returns whether there is time for another page of subscriptions.

    Raises:
        NotDelivered: if some subscriptions did not get all events.
    """
    subject = occurrences.subject_of(event)
    if subject is None:
        return
    topics = sorted(occurrences.topics_of(subject.kind, subject.id, event["data"]))
    if not any(parallel.threads.map(subscriptions.is_any, topics)):
        return
    lease = subject_queue.acquire(subject.name, event["id"])
    while lease is not None:
        try:
            lease = _deliver(sockets, subject, event, lease, has_time)
        except Exception:
            if lease is not None:
                subject_queue.abandon(lease)
            raise


def _deliver(
    sockets: Sockets, subject: Subject, event: Event, lease: subject_queue.Lease, has_time: HasTime
) -> subject_queue.Lease | None:
    """Deliver what the subject's queue has; return the lease if more was left to it meanwhile."""
    events = occurrences.read(subject, event, lease.done, lease.done_at)
    run = _Run(sockets, events, str(event["correlation_id"]))
    try:
        for topic in sorted({topic for each in events for topic in each.topics}):
            for page in subscriptions.pages(topic):
                lease = _keep(lease, has_time)
                run.deliver(page)
    finally:
        # Nobody else may begin while something is being sent.
        is_complete = run.finish()
    if not is_complete:
        raise NotDelivered("some messages could not be sent")
    last = events[-1] if events else None
    return subject_queue.finish(lease, last.version if last else lease.done, last.occurred_at if last else None)


def _keep(lease: subject_queue.Lease, has_time: HasTime) -> subject_queue.Lease:
    kept = subject_queue.renew(lease)
    if kept is None:
        raise NotDelivered("the lease is lost")
    if not has_time():
        raise NotDelivered("out of time")
    return kept


type Messages = Sequence[tuple[Followed, str]]


@dataclass
class _Run:
    """One delivery of the events of a subject."""

    sockets: Sockets
    events: Sequence[Followed]
    correlation_id: str
    _contexts: dict[CredentialRef, Context] = field(default_factory=dict)
    _results: dict[tuple[object, ...], Mapping[str, Any] | None] = field(default_factory=dict)
    _sent: list[Future[bool]] = field(default_factory=list)
    _has_failed: bool = False

    def deliver(self, page: Sequence[Subscription]) -> None:
        """Send to a page of subscriptions what each of them has not got."""
        callers = callers_of({each.ref for each in page})
        for subscription in page:
            caller = callers.get(subscription.ref)
            if caller is None:
                close = partial(_close, self.sockets, subscription.connection_id)
                self._sent.append(_threads.submit(_attempt, close))
                continue
            try:
                messages = self._messages(subscription, caller)
            except Exception as error:  # noqa: BLE001 (whatever it was, the others get theirs)
                log_failure(error)
                self._has_failed = True
                continue
            if messages:
                send = partial(_send, self.sockets, subscription, messages)
                self._sent.append(_threads.submit(_attempt, send))

    def finish(self) -> bool:
        """Wait until everything is sent; return whether nothing is left to be retried."""
        wait(self._sent)
        return not self._has_failed and all(each.result() for each in self._sent)

    def _messages(self, subscription: Subscription, caller: Caller) -> Messages:
        messages: list[tuple[Followed, str]] = []
        for event in self.events:
            if not is_wanted(event, subscription):
                continue
            if event.ends:
                messages.append((event, protocol.complete(subscription.id)))
                break
            result = self._result(event, subscription, caller)
            if result is not None:
                messages.append((event, _next(event, subscription, result, self.correlation_id)))
        return messages

    def _result(self, event: Followed, subscription: Subscription, caller: Caller) -> Mapping[str, Any] | None:
        """Execute a subscription for an event, once for all subscriptions of a caller that are the same."""
        if event.root is None:
            return None
        operation = subscription.operation
        same = (event.id, subscription.ref, operation.query, protocol.as_json(operation.variables))
        if same not in self._results:
            context = self._contexts.setdefault(
                subscription.ref, Context(caller, RequestContext(None, self.correlation_id))
            )
            self._results[same] = graphql.result_for(
                operation.query, operation.variables, event.root, context, self.correlation_id
            )
        return self._results[same]


def is_wanted(event: Followed, subscription: Subscription) -> bool:
    """Return whether a subscription is to get an event: it follows it, began before it, and has not got it."""
    if subscription.topic not in event.topics or event.version <= subscription.positions.get(event.subject_id, 0):
        return False
    if subscription.since:
        return event.version > subscription.since
    return event.occurred_at >= subscription.created_at


def _next(event: Followed, subscription: Subscription, result: Mapping[str, Any], correlation_id: str) -> str:
    about = {"id": event.id, "type": event.type, "occurredAt": event.occurred_at, "version": event.version}
    text = protocol.following(subscription.id, {**result, "extensions": {"event": about}})
    size = len(text.encode())
    if size <= protocol.MAX_ANSWER_BYTES:
        return text
    return protocol.failure(subscription.id, [as_graphql(protocol.too_large(size), correlation_id)])


def _attempt(work: Callable[[], bool]) -> bool:
    """Do the work of a thread; return whether it is done."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 (whatever it was, the others go on)
        log_failure(error)
        return False


def _send(sockets: Sockets, subscription: Subscription, messages: Messages) -> bool:
    """Send messages one after the other, and record each; return whether none has to be retried."""
    for event, text in messages:
        outcome = sockets.post(subscription.connection_id, text)
        if outcome == Outcome.GONE:
            connections.end(subscription.connection_id)
            return True
        if outcome == Outcome.FAILED:
            return _fail(sockets, subscription)
        if not text.startswith(protocol.NEXT):
            subscriptions.finish(subscription.connection_id, subscription.id, subscription.topic)
            return True
        _record(subscription, event)
    return True


def _record(subscription: Subscription, event: Followed) -> None:
    position = SubscriptionItem.positions[event.subject_id]
    actions = [position.set(event.version)]
    if subscription.failures:
        actions.append(SubscriptionItem.failures.set(0))
    known = sorted(subscription.positions.keys() - {event.subject_id})
    if len(known) >= MAX_POSITIONS:
        actions.append(SubscriptionItem.positions[known[0]].remove())
    is_later = position.does_not_exist() | (position < event.version)
    conditional.update(_item(subscription), actions, SubscriptionItem.pk.exists() & is_later)


def _fail(sockets: Sockets, subscription: Subscription) -> bool:
    """Count a message that could not be sent; close the connection after too many in a row."""
    if subscription.failures + 1 >= MAX_FAILURES:
        logger.info("connection closed after failures", extra={"failures": subscription.failures + 1})
        connections.end(subscription.connection_id)
        sockets.close(subscription.connection_id)
        return True
    conditional.update(_item(subscription), [SubscriptionItem.failures.add(1)], SubscriptionItem.pk.exists())
    return False


def _close(sockets: Sockets, connection_id: str) -> bool:
    closing.close_over(sockets, connection_id)
    return True


def _item(subscription: Subscription) -> SubscriptionItem:
    return SubscriptionItem(*subscription_key(subscription.topic, subscription.connection_id, subscription.id))
