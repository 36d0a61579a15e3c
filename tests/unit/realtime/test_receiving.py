"""What clients send: the protocol's rules, who may connect, and the limits."""

from dataclasses import replace
from typing import Any

import pytest

from lamina.limits import rules
from lamina.realtime import connections, model, subscriptions
from lamina.realtime.items import UserSocketsItem, user_sockets_key
from lamina.realtime.sockets import Outcome
from lamina.storage.item import Entry
from tests.support.people import Person
from tests.unit.realtime.conftest import Client, World

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
USER = "subscription($id: ID!) { userUpdated(id: $id) { id name version email } }"


def closes(client: Client, code: int, operation_id: str = "connection") -> dict[str, Any]:
    """Assert that a connection was told of a code and closed; return the error."""
    message = client.take()[-1]
    assert (message["type"], message["id"]) == ("error", operation_id)
    error: dict[str, Any] = message["payload"][0]
    assert error["extensions"]["closeCode"] == code
    assert client.is_closed
    assert connections.find(client.id) is None
    return error


def test_a_client_initialises_and_is_acknowledged(world: World, viewer: Person) -> None:
    client = world.open()
    client.init(viewer)
    assert client.got == [{"type": "connection_ack"}]
    found = connections.find(client.id)
    assert found
    assert found.is_initialised
    assert found.ref
    assert found.ref.user_id == viewer.id


def test_the_name_of_the_credential_is_case_insensitive_and_may_be_an_api_key(world: World, viewer: Person) -> None:
    key = viewer.api.post("/v1/api-keys", {"name": "ci", "scopes": ["read"]}).data["key"]
    first, second = world.open(), world.open()
    first.send("connection_init", payload={"Authorization": f"bearer {viewer.api.token}"})
    second.send("connection_init", payload={"X-API-Key": key})
    assert first.got == second.got == [{"type": "connection_ack"}]


@pytest.mark.parametrize("payload", [{}, {"authorization": "Bearer x"}, {"authorization": 1}, {"x-api-key": "lam_x_y"}])
def test_without_a_valid_credential_the_connection_is_closed(world: World, payload: dict[str, Any]) -> None:
    client = world.open()
    client.send("connection_init", payload=payload)
    assert closes(client, 4403)["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_second_initialisation_closes_the_connection(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    client.init(viewer)
    closes(client, 4429)


def test_nothing_is_executed_before_the_initialisation(world: World) -> None:
    client = world.open()
    client.subscribe("1", "{ me { id } }")
    assert closes(client, 4401, "1")["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("text", ["{}", "no JSON", '{"type":"connection_ack"}'])
def test_what_is_not_of_the_protocol_closes_the_connection(world: World, viewer: Person, text: str) -> None:
    client = world.open(viewer)
    client.subscribe("1", USER, id=viewer.id)
    client.send_text(text)
    closes(client, 4400)
    assert not list(Entry.query(f"TOPIC#userUpdated#{viewer.id}"))


def test_a_ping_is_answered_at_any_time(world: World, viewer: Person) -> None:
    client = world.open()
    client.send("ping")
    client.send("ping", payload={"at": 1})
    assert client.take() == [{"type": "pong"}, {"type": "pong", "payload": {"at": 1}}]
    client.init(viewer)
    client.take()
    client.send("pong")
    assert not client.got


def test_a_query_and_a_mutation_are_executed_and_completed(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    client.subscribe("q", "{ me { name } }")
    change = "mutation($id: ID!, $input: UpdateUserInput!) { updateUser(id: $id, input: $input) { name } }"
    client.subscribe("m", change, id=viewer.id, input={"name": "Ada"})
    client.subscribe("q", "{ me { name role } users(limit: 1000) { id } }")
    messages = client.take()
    kinds = [(each["id"], each["type"]) for each in messages]
    assert kinds == [("q", "next"), ("q", "complete"), ("m", "next"), ("m", "complete"), ("q", "error")]
    assert messages[2]["payload"] == {"data": {"updateUser": {"name": "Ada"}}}
    assert messages[4]["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


LONG = f"subscription {{ postPublished {{ author {{ ...F }} }} }} fragment F on User {{ {'name ' * 1900} }}"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "VALIDATION_ERROR"),
        ("{ nothing }", "VALIDATION_ERROR"),
        ("subscription { nothing }", "VALIDATION_ERROR"),
        ("subscription($id: ID!) { userUpdated(id: $id) { id } }", "VALIDATION_ERROR"),
        ('subscription { userUpdated(id: "no id") { id } }', "VALIDATION_ERROR"),
        ("subscription { a: postPublished { id } b: postPublished { id } }", "VALIDATION_ERROR"),
        ("subscription { postPublished @skip(if: true) { id } }", "VALIDATION_ERROR"),
        (f'subscription {{ userUpdated(id: "{NOBODY}") {{ id }} }}', "FORBIDDEN"),
        (f'subscription {{ jobUpdated(id: "{NOBODY}") {{ id }} }}', "NOT_FOUND"),
        pytest.param(LONG, "LIMIT_EXCEEDED", id="long"),
    ],
)
def test_an_operation_that_is_refused_is_an_error_and_the_connection_stays(
    world: World, viewer: Person, query: str, code: str
) -> None:
    client = world.open(viewer)
    client.subscribe("1", query)
    (message,) = client.take()
    assert (message["type"], message["id"]) == ("error", "1")
    assert message["payload"][0]["extensions"]["code"] == code
    assert not client.is_closed
    client.subscribe("1", "{ me { id } }")
    assert [each["type"] for each in client.take()] == ["next", "complete"]


def test_a_subscription_is_stored_and_completed(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    client.subscribe("odd.id[0]#ü", USER, id=viewer.id)
    assert not client.got
    topic = f"userUpdated#{viewer.id}"
    assert [each.id for page in subscriptions.pages(topic) for each in page] == ["odd.id[0]#ü"]
    client.send("complete", id="unknown")
    assert subscriptions.is_any(topic)
    client.send("complete", id="odd.id[0]#ü")
    assert not subscriptions.is_any(topic)
    client.subscribe("odd.id[0]#ü", USER, id=viewer.id)
    assert subscriptions.is_any(topic)
    assert not client.got


def test_an_id_in_use_closes_the_connection_whatever_the_operation(world: World, viewer: Person) -> None:
    for query in (USER, "{ me { id } }"):
        client = world.open(viewer)
        client.subscribe("1", USER, id=viewer.id)
        client.subscribe("1", query, id=viewer.id)
        assert closes(client, 4409, "1")["message"] == "Subscriber for 1 already exists"
        assert not subscriptions.is_any(f"userUpdated#{viewer.id}")


def test_a_race_for_an_id_has_one_winner(world: World, viewer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.open(viewer)
    before = connections.find(client.id)
    client.subscribe("1", USER, id=viewer.id)
    monkeypatch.setattr(connections, "find", lambda _: before)
    client.subscribe("1", USER, id=viewer.id)
    monkeypatch.undo()
    closes(client, 4409, "1")


def test_a_connection_has_20_subscriptions_at_most(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    for number in range(model.MAX_SUBSCRIPTIONS):
        client.subscribe(str(number), USER, id=viewer.id)
    assert not client.got
    client.subscribe("more", USER, id=viewer.id)
    (message,) = client.take()
    assert (message["type"], message["id"]) == ("error", "more")
    assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"
    client.send("complete", id="0")
    client.subscribe("more", USER, id=viewer.id)
    assert not client.got


def test_a_user_has_50_connections_at_most_and_those_that_are_over_do_not_count(
    world: World, viewer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 2)
    first, _ = world.open(viewer), world.open(viewer)
    third = world.open()
    third.init(viewer)
    assert closes(third, 4403)["extensions"]["code"] == "TOO_MANY_CONNECTIONS"
    connections.end(first.id)
    world.open(viewer)
    listed = UserSocketsItem.get(*user_sockets_key(viewer.id))
    for name in listed.connections:
        listed.connections[name] = 1
    listed.save()
    world.open(viewer)


def test_what_ends_leaves_nothing(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    for number in range(3):
        client.subscribe(str(number), USER, id=viewer.id)
    connections.end(client.id)
    connections.end(client.id)
    assert connections.find(client.id) is None
    assert not subscriptions.is_any(f"userUpdated#{viewer.id}")
    assert not connections.of_user(viewer.id)
    client.subscribe("4", USER, id=viewer.id)
    assert client.is_closed
    assert not subscriptions.is_any(f"userUpdated#{viewer.id}")


def test_what_ends_while_it_subscribes_leaves_nothing(
    world: World, viewer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = world.open(viewer)
    before = connections.find(client.id)
    connections.end(client.id)
    monkeypatch.setattr(connections, "find", lambda _: before)
    client.subscribe("1", USER, id=viewer.id)
    assert client.is_closed
    assert not subscriptions.is_any(f"userUpdated#{viewer.id}")


def test_a_client_that_is_gone_is_forgotten_when_it_is_answered(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    world.sockets.outcomes[client.id] = Outcome.GONE
    client.subscribe("1", "{ me { id } }")
    assert connections.find(client.id) is None


def test_an_ended_session_executes_nothing(world: World, viewer: Person) -> None:
    client = world.open(viewer)
    assert viewer.api.post("/v1/auth/logout").status == 204
    client.subscribe("1", "{ me { id } }")
    assert closes(client, 4403)["extensions"]["code"] == "UNAUTHENTICATED"


def test_operations_count_as_requests(world: World, viewer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.open(viewer)
    monkeypatch.setattr(rules, "CALLER", replace(rules.CALLER, requests=1))
    client.subscribe("1", USER, id=viewer.id)
    (message,) = client.take()
    assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


def test_a_result_above_128_kilobytes_is_an_error(world: World, author: Person) -> None:
    for number in range(2):
        body = {"title": f"Long {number}", "content": "word " * 16_000}
        assert author.api.post("/v1/posts", body).status == 201
    client = world.open(author)
    client.subscribe("1", "query($id: ID!) { posts(authorId: $id, published: false) { content } }", id=author.id)
    (message,) = client.take()
    assert message["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
