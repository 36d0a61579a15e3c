"""Unmodified GraphQL clients subscribe, receive and reconnect: npm's graphql-ws, and gql for Python."""

import asyncio
import time
from collections.abc import Set as AbstractSet
from typing import Any

import pytest
from gql import Client as Gql
from gql import GraphQLRequest
from gql.transport.exceptions import TransportError
from gql.transport.websockets import WebsocketsTransport

from local.account import Account
from local.stack import client as aws_client
from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, Inside, wait_until
from tests.support.stack import RunningStack, look
from tests.support.subscribing import Subscriber, subscribed

pytestmark = pytest.mark.xdist_group("stack")

QUERY = "subscription Watch($id: ID!) { userUpdated(id: $id) { id name } }"
LATE_SECONDS = 2.0


@pytest.fixture
def user(anyone: Client, newcomer: dict[str, Any]) -> Client:
    """A client of somebody new."""
    return anyone.signed_in(newcomer["email"], PASSWORD)


def url(running: RunningStack) -> str:
    found: str = look(f"{running.url}/health/ready")["links"]["realtime"]
    return found


def rename(user: Client, name: str) -> None:
    assert user.patch("/v1/users/me", {"name": name}).status == 200


def received(subscriber: Subscriber, user: Client) -> list[str]:
    """The names that follow each other, once the subscription is known to be there."""
    names = [f"Name {number}" for number in range(10)]
    for name in names:
        rename(user, name)
    return [subscriber.wait_for("next")["data"]["userUpdated"]["name"] for _ in names]


def wait_until_subscribed(inside: Inside, user_id: str, before: AbstractSet[str] = frozenset()) -> None:
    """Wait for a subscription to a user by another connection than those before."""
    wait_until(lambda: bool(connections(inside, user_id) - before), "the subscription is stored")


def test_npms_graphql_ws_subscribes_and_receives_each_change_in_order(
    stack: RunningStack, inside: Inside, user: Client, newcomer: dict[str, Any]
) -> None:
    with subscribed(url(stack), user.token, QUERY, {"id": newcomer["id"]}) as subscriber:
        subscriber.wait_for("connected")
        wait_until_subscribed(inside, newcomer["id"])
        assert received(subscriber, user) == [f"Name {number}" for number in range(10)]


def test_npms_graphql_ws_reconnects_when_its_connection_is_closed(
    stack: RunningStack, inside: Inside, user: Client, newcomer: dict[str, Any]
) -> None:
    with subscribed(url(stack), user.token, QUERY, {"id": newcomer["id"]}) as subscriber:
        subscriber.wait_for("connected")
        wait_until_subscribed(inside, newcomer["id"])
        before = close_connections(stack, inside, newcomer["id"])
        subscriber.wait_for("closed")
        subscriber.wait_for("connected")
        wait_until_subscribed(inside, newcomer["id"], before)
        rename(user, "After the end")
        assert subscriber.wait_for("next")["data"]["userUpdated"]["name"] == "After the end"


def test_gql_subscribes_and_receives_within_two_seconds(
    stack: RunningStack, inside: Inside, user: Client, newcomer: dict[str, Any]
) -> None:
    async def watch() -> list[tuple[str, float]]:
        transport = WebsocketsTransport(
            url=url(stack),
            init_payload={"authorization": f"Bearer {user.token}"},
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )
        found: list[tuple[str, float]] = []
        async with Gql(transport=transport) as session:
            changing = asyncio.create_task(asyncio.to_thread(change))
            async for result in session.subscribe(GraphQLRequest(QUERY, variable_values={"id": newcomer["id"]})):
                found.append((result["userUpdated"]["name"], time.monotonic()))
                if len(found) == 3:
                    break
            changed = await changing
        return [(name, at - changed[name]) for name, at in found]

    def change() -> dict[str, float]:
        wait_until_subscribed(inside, newcomer["id"])
        changed = {}
        for name in ("One", "Two", "Three"):
            rename(user, name)
            changed[name] = time.monotonic()
        return changed

    rename(user, "Zero")  # the consumer starts
    late = asyncio.run(watch())
    assert [name for name, _ in late] == ["One", "Two", "Three"]
    assert max(seconds for _, seconds in late) < LATE_SECONDS, late


def test_gql_reconnects_when_its_connection_is_closed(
    stack: RunningStack, inside: Inside, user: Client, newcomer: dict[str, Any]
) -> None:
    async def watch() -> str:
        transport = WebsocketsTransport(
            url=url(stack),
            init_payload={"authorization": f"Bearer {user.token}"},
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )
        client = Gql(transport=transport)
        session = await client.connect_async(reconnecting=True)  # type: ignore[no-untyped-call]
        try:
            name = asyncio.create_task(next_name(session))
            await asyncio.to_thread(wait_until_subscribed, inside, newcomer["id"])
            before = await asyncio.to_thread(close_connections, stack, inside, newcomer["id"])
            await asyncio.to_thread(wait_until_subscribed, inside, newcomer["id"], before)
            await asyncio.to_thread(rename, user, "After the end")
            return await name
        finally:
            await client.close_async()  # type: ignore[no-untyped-call]

    async def next_name(session: Any) -> str:
        """Subscribe, and again when the connection has ended: gql connects again, and leaves the rest to its user."""
        while True:
            try:
                async for result in session.subscribe(GraphQLRequest(QUERY, variable_values={"id": newcomer["id"]})):
                    return str(result["userUpdated"]["name"])
            except TransportError:
                await asyncio.sleep(0.1)

    assert asyncio.run(watch()) == "After the end"


def connections(inside: Inside, user_id: str) -> set[str]:
    """The connections that are subscribed to a user."""
    return {sk.split("#")[1] for pk, sk in inside.items() if pk.startswith("TOPIC#") and user_id in pk}


def close_connections(running: RunningStack, inside: Inside, user_id: str) -> set[str]:
    """Close the connections that are subscribed to a user, as API Gateway does after two hours; return their ids."""
    described = look(f"{running.url}/_local/stack")
    account = Account.of(described)
    endpoint = f"{account.endpoint}/_aws/execute-api/{described['resources']['SocketApi']}/live"
    management = aws_client("apigatewaymanagementapi", Account(endpoint, *account.variables.values()))
    found = connections(inside, user_id)
    for connection in found:
        management.delete_connection(ConnectionId=connection)
    return found
