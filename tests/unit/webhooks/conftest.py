"""Webhooks without a network: what would be sent is noted, messages are a list, and time moves when a test says so."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lamina import ids
from lamina.access.policy import Role
from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.storage.sharded_list import Source, read
from lamina.users.model import User
from lamina.webhooks import delivering, queue, requeue_due, service
from lamina.webhooks.delivering import attempt
from lamina.webhooks.dispatch import dispatch
from lamina.webhooks.egress import EndpointResponse, NoAnswer
from lamina.webhooks.items import due_partitions
from lamina.webhooks.model import Webhook, WebhookScope
from lamina.webhooks.service import NewWebhook
from tests.support.aws import make_user
from tests.support.callers import acting

CONTEXT = RequestContext(None, "test")
type Behaviour = Callable[[str], EndpointResponse]
"""What an endpoint answers; it is given the body."""


def says(status: int, body: bytes = b"") -> Behaviour:
    return lambda _: EndpointResponse(status, body)


def hangs(_: str) -> EndpointResponse:
    raise NoAnswer("no response within 5 seconds")


class Time:
    """The present, for all that is written down and compared."""

    def __init__(self) -> None:
        self.instant = datetime.now(UTC)

    def forward(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)

    def now(self) -> str:
        return ids.stamp(self.instant)

    def ahead(self, seconds: float) -> str:
        return ids.stamp(self.instant + timedelta(seconds=seconds))

    def ago(self, seconds: float) -> str:
        return self.ahead(-seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Time that stands still."""
    stopped = Time()
    for name in ("now", "ahead", "ago"):
        monkeypatch.setattr(ids, name, getattr(stopped, name))
    return stopped


@dataclass
class World:
    """The endpoints, the queue and the schedule.

    Attributes:
        behaviours: what endpoints answer, by URL; 204 by default.
        sent: what they were sent: URL, headers, body.
        queue: messages with the instant from which they are seen.
    """

    clock: Time
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    sent: list[tuple[str, Mapping[str, str], str]] = field(default_factory=list)
    queue: list[tuple[str, str, str]] = field(default_factory=list)
    at: list[str] = field(default_factory=list)
    lose_messages: bool = False
    received: int = 0
    """Messages so far."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EndpointResponse:
        self.sent.append((url, headers, body.decode()))
        self.at.append(self.clock.now())
        return self.behaviours.get(url, says(204))(body.decode())

    def send_message(self, *, MessageBody: str, MessageGroupId: str, DelaySeconds: int, **_: object) -> None:  # noqa: N803 (SQS's names)
        webhook_id, delivery_id = queue.read_message(MessageBody)
        assert webhook_id == MessageGroupId
        if not self.lose_messages:
            self.queue.append((self.clock.ahead(DelaySeconds), webhook_id, delivery_id))

    def deliver(self) -> None:
        """Receive every message whose time has come, and those that follow."""
        while due := [message for message in self.queue if message[0] <= self.clock.now()]:
            for message in due:
                self.queue.remove(message)
                attempt(message[1], message[2])
                self.received += 1

    def live(self, seconds: float) -> None:
        """Let time pass: messages come when they are due, and the schedule runs when it has something to do."""
        end = self.clock.ahead(seconds)
        while (then := self._next()) <= end:
            self.clock.instant = max(self.clock.instant, datetime.fromisoformat(then) + timedelta(milliseconds=1))
            self.deliver()
            requeue_due.requeue_due(lambda: True)
            self.deliver()
        self.clock.instant = datetime.fromisoformat(end)

    def _next(self) -> str:
        """When something is to happen: a message is seen, or the schedule's next minute finds something due."""
        due = read(Source("gsi1", due_partitions()), 1, descending=False).items
        minutes = [ids.stamp(datetime.fromisoformat(each.partition("#")[0]) + timedelta(seconds=30)) for each in due]
        return min([*minutes, *(seen_at for seen_at, _, _ in self.queue), ids.ETERNITY])

    def urls(self) -> list[str]:
        return [url for url, _, _ in self.sent]


@pytest.fixture
def world(aws: None, clock: Time, monkeypatch: pytest.MonkeyPatch) -> World:  # noqa: ARG001 (a fixture that must be there)
    made = World(clock)
    monkeypatch.setattr(delivering, "post", made.post)
    monkeypatch.setattr(queue._sqs, "send_message", made.send_message)
    return made


@pytest.fixture
def ann(world: World) -> User:  # noqa: ARG001 (the table must be there)
    return make_user("ann")


@pytest.fixture
def admin(world: World) -> User:  # noqa: ARG001 (the table must be there)
    return make_user("root", Role.ADMIN)


def hook(owner: User, name: str = "hook", *events: str, scope: WebhookScope = WebhookScope.OWN) -> Webhook:
    """Create a webhook of all events, or of these."""
    wanted = NewWebhook(url=f"https://example.com/{name}", events=events or ("*",), scope=scope)
    return service.create(acting(owner), wanted, CONTEXT)[0]


def event(subject: str, event_type: str = "user.updated", **data: object) -> dict[str, Any]:
    """An event as the bus brings it."""
    return {
        "id": ids.new_id(),
        "type": event_type,
        "version": 1,
        "occurred_at": ids.now(),
        "correlation_id": "test",
        "actor": None,
        "subject": subject,
        "data": data,
    }


def happen(subject: str, event_type: str = "user.updated", **data: object) -> dict[str, Any]:
    """Let something happen and be dispatched."""
    made = event(subject, event_type, **data)
    dispatch(made)
    return made


def raised(owner: User) -> Iterator[dict[str, Any]]:
    """The events of a user, oldest first."""
    for item in OutboxItem.query(f"USER#{owner.id}", OutboxItem.sk.startswith("EVENT#")):
        yield dict(envelope(item))
