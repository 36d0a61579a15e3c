"""The fan-out dies: each subscription gets each of its events once, in order, and nobody gets another's."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, register
from tests.faults.cloud import Cloud, wait_until
from tests.faults.figures import Report, figures
from tests.support.stack import RunningStack

pytestmark = pytest.mark.xdist_group("faults")

PUSHER, EVENTS = "Realtime/PushEventsFunction", "Realtime/PushEvents/Queue"
QUERY = "subscription ($id: ID!) { userUpdated(id: $id) { id name version } }"
PEOPLE, CONNECTIONS, CHANGES = 4, 8, 50
IN_FLIGHT = 32
"""Messages that a process sends at a time: those that its death may repeat."""


@dataclass
class Person:
    """Somebody who changes their name."""

    client: Client
    id: str
    token: str

    def rename(self, name: str) -> None:
        answer = self.client.patch(f"/v1/users/{self.id}", {"name": name})
        assert answer.status == 200, answer.body


@dataclass
class Subscriber:
    """A connection that follows somebody, and what it got."""

    connection: ClientConnection
    person: Person
    got: list[tuple[str, str]] = field(default_factory=list)
    """Id of the event and the name in each message."""
    strange: list[Any] = field(default_factory=list)

    def begin(self) -> None:
        self._send(type="connection_init", payload={"authorization": f"Bearer {self.person.token}"})
        assert json.loads(self.connection.recv(60)) == {"type": "connection_ack"}
        self._send(type="subscribe", id="1", payload={"query": QUERY, "variables": {"id": self.person.id}})
        Thread(target=self._read, daemon=True).start()

    @property
    def names(self) -> list[str]:
        """The names, without those of messages that were repeated."""
        return list(dict(self.got).values())

    def _send(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def _read(self) -> None:
        try:
            for text in self.connection:
                message = json.loads(text)
                found = message["payload"]["data"]["userUpdated"] if message["type"] == "next" else {}
                if found.get("id") != self.person.id:
                    self.strange.append(message)
                else:
                    self.got.append((message["payload"]["extensions"]["event"]["id"], found["name"]))
        except ConnectionClosed as closed:
            self.strange.append(str(closed))


@pytest.fixture
def people(stack: RunningStack) -> list[Person]:
    anyone = Client(stack.port, set())

    def one(_: int) -> Person:
        user = register(anyone)
        client = anyone.signed_in(user["email"], PASSWORD)
        return Person(client, user["id"], str(client.token))

    with ThreadPoolExecutor(PEOPLE) as threads:
        return list(threads.map(one, range(PEOPLE)))


@pytest.fixture
def subscribers(stack: RunningStack, people: list[Person]) -> Iterator[list[Subscriber]]:
    url = Client(stack.port, set()).get("/health/ready").links["realtime"]
    with ExitStack() as opened:

        def one(person: Person) -> Subscriber:
            connection = connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], open_timeout=60)
            opened.callback(connection.close)
            subscriber = Subscriber(connection, person)
            subscriber.begin()
            return subscriber

        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(one, people * CONNECTIONS))
        yield found


def test_the_fan_out_dies_twice_while_200_changes_are_followed_by_32_connections(
    people: list[Person], subscribers: list[Subscriber], cloud: Cloud, report: Report
) -> None:
    # Nothing tells a client that its subscription has begun; its first message does.
    for number in range(30):
        for person in people:
            person.rename(f"Ready {number}")
        time.sleep(0.5)
        if all(each.got for each in subscribers):
            break
    wait_until(lambda: len({len(each.got) and each.got[-1][1] for each in subscribers}) == 1, "all are ready", 120)
    wait_until(lambda: cloud.is_empty(EVENTS), "nothing is under way", 120)
    for each in subscribers:
        each.got.clear()
    names = [f"Name {number}" for number in range(CHANGES)]

    def change(person: Person) -> None:
        for name in names:
            person.rename(name)

    killed = 0
    begun = time.monotonic()
    with cloud.hurried(EVENTS, visible_after=15), ThreadPoolExecutor(PEOPLE) as threads:
        changing = threads.map(change, people)
        for part in (10, 30):
            wait_until(lambda part=part: sum(len(each.got) for each in subscribers) > part * len(subscribers), "", 120)  # type: ignore[misc]
            killed += cloud.kill(PUSHER)
        assert list(changing)
        changed = time.monotonic() - begun
        wait_until(lambda: all(len(each.names) >= CHANGES for each in subscribers), "all have all", 180)
        wait_until(lambda: cloud.is_empty(EVENTS), "nothing is under way any more", 180)
    seconds = time.monotonic() - begun
    repeated = sum(len(each.got) - len(each.names) for each in subscribers)
    sent = [(place, name) for place in range(len(subscribers)) for name in names]
    seen = [(place, name) for place, each in enumerate(subscribers) for _, name in each.got]
    report(figures(sent, seen), processes_killed=killed, changed_within=changed, delivered_within=seconds)
    assert killed >= 2
    assert not [each.strange for each in subscribers if each.strange]
    assert [each.names for each in subscribers] == [names] * len(subscribers)
    assert repeated <= killed * IN_FLIGHT
