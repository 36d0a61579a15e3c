"""Connections that are closed: not initialised in time, or without a session behind them any more."""

import json
from collections.abc import Callable
from dataclasses import replace

import boto3
import pytest

from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem
from lamina.limits import rules
from lamina.realtime import closing, connections
from lamina.realtime.handshake import accept
from lamina.settings import settings
from tests.support.aws import PASSWORD
from tests.support.people import Person, again
from tests.unit.realtime.conftest import ADDRESS, Client, World


def handshake(world: World, headers: dict[str, str] | None = None) -> tuple[dict[str, object], Client]:
    """The response to a handshake, and the client."""
    client = Client(world.sockets)
    given = {"Sec-WebSocket-Protocol": "graphql-transport-ws", **(headers or {})}
    context = {"connectionId": client.id, "identity": {"sourceIp": ADDRESS}}
    return accept({"headers": given, "requestContext": context}), client


@pytest.fixture(autouse=True)
def queue(world: World) -> str:  # noqa: ARG001 (it must be there)
    """The queue of connections to be closed."""
    url: str = boto3.client("sqs").create_queue(QueueName=settings().close_sockets.rpartition("/")[2])["QueueUrl"]
    return url


def test_the_sub_protocol_is_chosen_among_those_that_are_offered(world: World) -> None:
    answer, client = handshake(world, {"Sec-WebSocket-Protocol": "graphql-ws, graphql-transport-ws"})
    assert answer == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "graphql-transport-ws"}}
    found = connections.find(client.id)
    assert found
    assert (found.client_ip, found.ref, found.is_initialised) == (ADDRESS, None, False)
    assert handshake(world, {"Sec-WebSocket-Protocol": "graphql-ws"})[0] == {"statusCode": 400}
    assert handshake(world, {"Sec-WebSocket-Protocol": ""})[0] == {"statusCode": 400}


def test_a_credential_of_the_handshake_is_checked_and_used(world: World, viewer: Person) -> None:
    refused, client = handshake(world, {"Authorization": "Bearer x"})
    assert refused == {"statusCode": 401}
    assert connections.find(client.id) is None
    _, client = handshake(world, {"authorization": f"Bearer {viewer.api.token}"})
    client.send("connection_init")
    assert client.take() == [{"type": "connection_ack"}]
    _, client = handshake(world, {"authorization": f"Bearer {viewer.api.token}"})
    assert viewer.api.post("/v1/auth/logout").status == 204
    client.send("connection_init")
    assert client.is_closed


def test_handshakes_count_as_requests(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "ANONYMOUS", replace(rules.ANONYMOUS, requests=1))
    assert [handshake(world)[0]["statusCode"] for _ in range(2)] == [200, 429]


def test_a_connection_that_is_not_initialised_in_time_is_closed(world: World, viewer: Person, queue: str) -> None:
    _, late = handshake(world)
    _, initialised = handshake(world)
    initialised.init(viewer)
    initialised.take()
    attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert int(attributes["ApproximateNumberOfMessagesDelayed"]) >= 2
    for client in (late, initialised):
        closing.work(world.sockets, {"connection_id": client.id})
    assert late.is_closed
    assert late.take()[0]["payload"][0]["extensions"]["closeCode"] == 4408
    assert connections.find(late.id) is None
    assert not initialised.is_closed
    assert not initialised.got
    closing.work(world.sockets, {"connection_id": late.id})


def test_a_handshake_succeeds_although_its_check_cannot_be_scheduled(world: World, queue: str) -> None:
    boto3.client("sqs").delete_queue(QueueUrl=queue)
    assert handshake(world)[0]["statusCode"] == 200


def logout(who: Person, _: Person) -> None:
    assert who.api.post("/v1/auth/logout").status == 204


def logout_all(who: Person, _: Person) -> None:
    assert who.api.post("/v1/auth/logout-all").status == 204


def suspend(who: Person, admin: Person) -> None:
    assert admin.api.patch(f"/v1/users/{who.id}", {"status": "suspended"}).status == 200


def promote(who: Person, admin: Person) -> None:
    assert admin.api.patch(f"/v1/users/{who.id}", {"email_verified": True}).status == 200
    assert admin.api.patch(f"/v1/users/{who.id}", {"role": "editor"}).status == 200


def delete(who: Person, admin: Person) -> None:
    assert admin.api.delete(f"/v1/users/{who.id}").status == 204


@pytest.mark.parametrize("ends", [logout, logout_all, suspend, promote, delete])
def test_the_end_of_a_session_closes_its_connections(
    world: World, viewer: Person, admin: Person, ends: Callable[[Person, Person], None]
) -> None:
    client, others = world.open(viewer), world.open(admin)
    ends(viewer, admin)
    last_event(world, viewer)
    assert client.is_closed
    assert client.take()[0]["payload"][0]["extensions"] == {
        "code": "UNAUTHENTICATED",
        "closeCode": 4403,
        "requestId": client_request(viewer),
    }
    assert connections.find(client.id) is None
    assert not others.is_closed


def events(who: Person) -> list[OutboxItem]:
    return list(OutboxItem.query(f"USER#{who.id}", OutboxItem.sk.startswith("EVENT#"), consistent_read=True))


def last_event(world: World, who: Person) -> None:
    """Do what the consumer does with the last event of a user."""
    closing.work(world.sockets, {"detail": json.loads(json.dumps(envelope(events(who)[-1])))})


def client_request(who: Person) -> str:
    return str(events(who)[-1].correlation_id)


def test_a_change_of_password_closes_the_connections_of_other_sessions(world: World, viewer: Person) -> None:
    other = again(viewer.user)
    kept, ended = world.open(viewer), world.open(other)
    body = {"current_password": PASSWORD, "new_password": "Correct-horse-2"}
    assert viewer.api.post("/v1/auth/change-password", body).status == 204
    last_event(world, viewer)
    assert ended.is_closed
    assert not kept.is_closed


def test_a_key_that_is_revoked_or_expired_closes_its_connections(
    world: World, viewer: Person, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3.client("sqs").purge_queue(QueueUrl=queue)
    created = viewer.api.post("/v1/api-keys", {"name": "a", "scopes": ["read"]}).data
    lasting = viewer.api.post(
        "/v1/api-keys", {"name": "b", "scopes": ["read"], "expires_at": "2999-01-01T00:00:00Z"}
    ).data
    first, second = world.open(), world.open()
    first.send("connection_init", payload={"x-api-key": created["key"]})
    second.send("connection_init", payload={"x-api-key": lasting["key"]})
    assert viewer.api.delete(f"/v1/api-keys/{created['id']}").status == 204
    last_event(world, viewer)
    assert first.is_closed
    assert not second.is_closed
    closing.work(world.sockets, {"connection_id": second.id})
    assert not second.is_closed
    attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert int(attributes["ApproximateNumberOfMessagesDelayed"]) == 1
    monkeypatch.setattr("lamina.ids.now", lambda: "2999-01-01T00:00:01.000000Z")
    closing.work(world.sockets, {"connection_id": second.id})
    assert second.is_closed


def test_an_event_of_somebody_without_connections_closes_nothing(world: World, viewer: Person) -> None:
    last_event(world, viewer)
    assert not world.sockets.closed
