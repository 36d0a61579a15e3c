"""Connections, subscriptions and deliveries at the same time, on every engine."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from lamina import ids
from lamina.access.policy import Credential, Role
from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.graphql.topics import user_topic
from lamina.identity.model import CredentialRef
from lamina.identity.sessions.service import SignInContext
from lamina.realtime import connections, subscriptions
from lamina.realtime.delivery import push
from lamina.realtime.errors import Closing, ConnectionGone, TooManySubscriptions
from lamina.realtime.model import MAX_SUBSCRIPTIONS, Connection, Operation
from lamina.users import service as users
from lamina.users.model import User
from tests.integration.crowd import at_once
from tests.integration.test_races import make
from tests.support.people import begin_session
from tests.unit.realtime.conftest import Sockets

pytestmark = pytest.mark.usefixtures("table")

CROWD = 12
NAME = Operation("subscription($id: ID!) { userUpdated(id: $id) { name } }", {}, None)


@pytest.fixture
def user(table: Any) -> User:  # noqa: ARG001 (a fixture that must be there)
    return make("watcher", role=Role.VIEWER)


@pytest.fixture
def ref(user: User) -> CredentialRef:
    session = begin_session(user, SignInContext("203.0.113.7", "test")).id
    return CredentialRef(user.id, Credential.SESSION, session, session, user.role, frozenset({"read", "write"}))


def opened(ref: CredentialRef) -> Connection:
    """A connection that is initialised."""
    connection_id = ids.new_id()
    connections.open_connection(connection_id, "203.0.113.7", None)
    found = connections.find(connection_id)
    assert found
    connections.initialise(found, ref)
    return found


def subscribe(connection: Connection, operation_id: str, user: User) -> None:
    operation = Operation(NAME.query, {"id": user.id}, None)
    ref = connections.find(connection.id)
    assert ref
    assert ref.ref
    subscriptions.begin(
        connection, operation_id, ref.ref, operation, topic=user_topic(user.id), since=users.get(user.id).version
    )


def counted(results: list[Any]) -> Counter[str]:
    return Counter(type(each).__name__ for each in results)


def test_of_many_subscriptions_with_one_id_one_begins(user: User, ref: CredentialRef) -> None:
    connection = opened(ref)
    results = at_once(lambda _: subscribe(connection, "1", user), CROWD)
    assert counted(results) == {"NoneType": 1, Closing.__name__: CROWD - 1}
    assert sum(len(page) for page in subscriptions.pages(user_topic(user.id))) == 1


def test_of_many_subscriptions_no_more_begin_than_a_connection_may_have(user: User, ref: CredentialRef) -> None:
    connection = opened(ref)
    for number in range(MAX_SUBSCRIPTIONS - 3):
        subscribe(connection, f"before {number}", user)
    results = at_once(lambda number: subscribe(connection, str(number), user), CROWD)
    assert counted(results) == {"NoneType": 3, TooManySubscriptions.__name__: CROWD - 3}
    assert sum(len(page) for page in subscriptions.pages(user_topic(user.id))) == MAX_SUBSCRIPTIONS


def test_a_connection_that_ends_while_many_subscribe_leaves_nothing(user: User, ref: CredentialRef) -> None:
    connection = opened(ref)

    def act(number: int) -> None:
        if number % 4:
            subscriptions.begin(connection, str(number), ref, NAME, topic=user_topic(user.id), since=1)
        else:
            connections.end(connection.id)

    results = at_once(act, CROWD)
    assert set(counted(results)) <= {"NoneType", ConnectionGone.__name__}
    assert not subscriptions.is_any(user_topic(user.id))
    assert connections.find(connection.id) is None
    assert connections.of_user(user.id) == []


def test_of_many_connections_no_more_are_accepted_than_a_user_may_have(
    user: User, ref: CredentialRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)
    results = at_once(lambda _: opened(ref), 8)
    accepted = [each for each in results if isinstance(each, Connection)]
    assert len(connections.of_user(user.id)) == len(accepted) <= 5
    while len(connections.of_user(user.id)) < 5:
        opened(ref)
    with pytest.raises(Closing):
        opened(ref)


def test_events_that_many_processes_push_in_any_order_arrive_once_and_in_order(user: User, ref: CredentialRef) -> None:
    followed = [opened(ref) for _ in range(3)]
    for connection in followed:
        subscribe(connection, "1", user)
    names = [f"Name {number}" for number in range(10)]
    for name in names:
        users.update(user.id, {"name": name}, RequestContext(None, "test"), if_version=lambda _: True)
    items = OutboxItem.query(f"USER#{user.id}", OutboxItem.sk.startswith("EVENT#"), consistent_read=True)
    events = [envelope(each) for each in items if each.event_type == "user.updated"] * 2
    Random(1).shuffle(events)  # noqa: S311 (an order, not a secret)
    sockets = Sockets()
    results = at_once(lambda number: push(sockets, events[number]), len(events))
    assert counted(results) == {"NoneType": len(events)}
    for connection in followed:
        got = [message["payload"]["data"]["userUpdated"]["name"] for message in sockets.got[connection.id]]
        assert got == names
