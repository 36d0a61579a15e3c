"""Connections without a network: what clients would get is noted, and events are pushed when a test says so."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pytest

from lamina import ids
from lamina.access.policy import Role
from lamina.events.envelope import Envelope, envelope
from lamina.events.outbox import OutboxItem
from lamina.realtime import closing, connections, occurrences
from lamina.realtime.delivery import push
from lamina.realtime.receiving import receive
from lamina.realtime.sockets import Outcome
from tests.support.people import Person, person

ADDRESS = "203.0.113.7"
type Message = dict[str, Any]


@dataclass
class Sockets:
    """The connections of clients.

    Attributes:
        got: messages that clients got, by connection.
        closed: connections that were closed.
        outcomes: what becomes of messages to a connection; sent by default.
        before: called before each message.
    """

    got: dict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    closed: list[str] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    before: Callable[[str, Message], object] = lambda *_: None
    _lock: Lock = field(default_factory=Lock)

    def post(self, connection_id: str, message: str) -> Outcome:
        parsed = json.loads(message)
        self.before(connection_id, parsed)
        with self._lock:
            outcome = self.outcomes.get(connection_id, Outcome.SENT)
            if outcome == Outcome.SENT:
                self.got[connection_id].append(parsed)
        return outcome

    def close(self, connection_id: str) -> None:
        self.closed.append(connection_id)


@dataclass
class Client:
    """A client of a connection."""

    sockets: Sockets
    id: str = field(default_factory=ids.new_id)

    def send(self, kind: str, **members: Any) -> None:
        """Send a message."""
        self.send_text(json.dumps({"type": kind, **members}))

    def send_text(self, text: str) -> None:
        receive(self.sockets, self.id, text, "request-1")

    def init(self, who: Person) -> None:
        self.send("connection_init", payload={"authorization": f"Bearer {who.api.token}"})

    def subscribe(self, operation_id: str, query: str, **variables: Any) -> None:
        self.send("subscribe", id=operation_id, payload={"query": query, "variables": variables})

    @property
    def got(self) -> list[Message]:
        """All messages so far."""
        return self.sockets.got[self.id]

    def take(self) -> list[Message]:
        """The messages since the last look."""
        taken, self.sockets.got[self.id] = self.got, []
        return taken

    @property
    def is_closed(self) -> bool:
        return self.id in self.sockets.closed


@dataclass
class World:
    """Sockets, and the events that were not pushed yet."""

    sockets: Sockets = field(default_factory=Sockets)
    _seen: set[str] = field(default_factory=set)

    def open(self, who: Person | None = None, *, initialised: bool = True) -> Client:
        """A client that is connected, and initialised unless a test says otherwise."""
        client = Client(self.sockets)
        connections.open_connection(client.id, ADDRESS, None)
        if who and initialised:
            client.init(who)
            assert client.take() == [{"type": "connection_ack"}]
        return client

    def events(self) -> list[Envelope]:
        """The events that subscriptions follow since the last look, oldest first."""
        every = OutboxItem.scan(OutboxItem.sk.startswith("EVENT#"), consistent_read=True)
        new = sorted((each for each in every if each.event_id not in self._seen), key=lambda each: each.event_id)
        self._seen.update(each.event_id for each in new)
        return [envelope(each) for each in new if each.event_type in occurrences.FOLLOWED]

    def push(self) -> None:
        """Push the events since the last look."""
        for event in self.events():
            push(self.sockets, event)

    def close_ended(self) -> None:
        """Process the events since the last look that may have ended sessions."""
        for item in OutboxItem.scan(OutboxItem.sk.startswith("EVENT#"), consistent_read=True):
            if item.sk and item.pk.startswith("USER#"):
                closing.close_ended(self.sockets, envelope(item))


@pytest.fixture
def world(aws: None) -> World:  # noqa: ARG001 (a fixture that must be there)
    return World()


@pytest.fixture
def admin(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("admin", Role.ADMIN)


@pytest.fixture
def author(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("author", Role.EDITOR)


@pytest.fixture
def viewer(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("viewer")
