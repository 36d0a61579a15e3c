"""Patches of WebSocket APIs, each tried on MiniStack as it comes, and as we patch it.

A behaviour below is true of AWS. When the first test of one fails, MiniStack has been corrected: remove the patch.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from local.account import RUN_HEADER
from tests.local.ministack import SECONDS, MiniStack, eventually

pytestmark = pytest.mark.xdist_group("mends")

type Behaviour = Callable[[MiniStack], bool]

PROTOCOL = "graphql-transport-ws"
FUNCTION = """
import json, time
def handler(event, context):
    context, query = event["requestContext"], event.get("queryStringParameters") or {}
    if context["eventType"] == "CONNECT":
        print("connected from", context["identity"]["sourceIp"], "with connection id", context["connectionId"])
        headers = {"Sec-WebSocket-Protocol": "graphql-transport-ws"}
        return {"statusCode": int(query.get("status", 200)), "headers": headers}
    if event.get("body") == "sleep":
        time.sleep(3)
    if event.get("body") == "fail":
        raise RuntimeError("a secret")
    if context["eventType"] == "MESSAGE":
        print("received", len(event["body"]))
    else:
        print("disconnected")
    return {"statusCode": 200, "body": "returned"}
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    ministack = MiniStack(tmp_path_factory.mktemp("plain"), mended=False)
    yield ministack
    ministack.kill()


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    ministack = MiniStack(tmp_path_factory.mktemp("mended"), mended=True)
    yield ministack
    ministack.kill()


def what_a_function_of_a_socket_logs_is_kept(aws: MiniStack) -> bool:
    with connected(aws):
        return seen(aws, "connected from")


def messages_of_two_connections_are_processed_side_by_side(aws: MiniStack) -> bool:
    with connected(aws) as slow, connected(aws) as quick:
        slow.send("sleep")
        begun = time.monotonic()
        quick.send("fail")
        quick.recv(SECONDS)
        return time.monotonic() - begun < 2


def the_sub_protocol_that_connect_returns_reaches_the_client(aws: MiniStack) -> bool:
    with connected(aws) as socket:
        return socket.subprotocol == PROTOCOL


def the_status_that_connect_returns_refuses_the_handshake(aws: MiniStack) -> bool:
    return refused(aws, "?status=401") == 401


def an_api_sees_the_address_of_the_client(aws: MiniStack) -> bool:
    with connected(aws, {"X-Forwarded-For": "203.0.113.9"}):
        return seen(aws, "connected from 203.0.113.9")


def a_frame_of_more_than_32_kb_closes_the_connection(aws: MiniStack) -> bool:
    with connected(aws) as socket:
        socket.send("x" * 32 * 1024)
        socket.send("x" * (32 * 1024 + 1))
        return closing_code(socket) == 1009


def a_message_of_more_than_128_kb_closes_the_connection(aws: MiniStack) -> bool:
    with connected(aws) as socket:
        socket.send(["é" * 8 * 1024] * 8)
        if aws.mended:
            assert seen(aws, "received 65536")
        socket.send([*["é" * 8 * 1024] * 8, "x"])
        return closing_code(socket) == 1009


def a_binary_message_closes_the_connection(aws: MiniStack) -> bool:
    with connected(aws) as socket:
        socket.send(b"binary")
        return closing_code(socket) == 1003


def a_client_receives_neither_what_a_function_returns_nor_why_it_failed(aws: MiniStack) -> bool:
    with connected(aws) as socket:
        socket.send("anything")
        socket.send("fail")
        received = str(socket.recv(SECONDS))
        return received.startswith("{") and json.loads(received)["message"] == "Internal server error"


def no_more_than_128_kb_can_be_posted(aws: MiniStack) -> bool:
    management = management_api(aws)
    try:
        management.post_to_connection(ConnectionId="any", Data=b"x" * (128 * 1024 + 1))
    except management.exceptions.PayloadTooLargeException:
        return True
    except management.exceptions.GoneException:
        return False
    return False


def a_function_reaches_the_api_whose_host_is_in_its_variables(aws: MiniStack) -> bool:
    variables = {"ENDPOINT": "https://abcdef1234.execute-api.us-east-1.amazonaws.com/live", "OTHER": "https://e.org/"}
    code = "import os\ndef handler(event, context):\n    return os.environ['ENDPOINT'], os.environ['OTHER']\n"
    aws.function("addressed", code, Environment={"Variables": variables})
    endpoint, other = aws.invoke("addressed")
    return bool(endpoint == f"{aws.url}/_aws/execute-api/abcdef1234/live" and other == "https://e.org/")


BEHAVIOURS = [
    what_a_function_of_a_socket_logs_is_kept,
    messages_of_two_connections_are_processed_side_by_side,
    the_sub_protocol_that_connect_returns_reaches_the_client,
    the_status_that_connect_returns_refuses_the_handshake,
    an_api_sees_the_address_of_the_client,
    a_frame_of_more_than_32_kb_closes_the_connection,
    a_message_of_more_than_128_kb_closes_the_connection,
    a_binary_message_closes_the_connection,
    a_client_receives_neither_what_a_function_returns_nor_why_it_failed,
    no_more_than_128_kb_can_be_posted,
    a_function_reaches_the_api_whose_host_is_in_its_variables,
]


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_ministack_as_it_comes_lacks_it(behaviour: Behaviour, plain: MiniStack) -> None:
    assert not behaviour(plain), "MiniStack has been corrected: remove the patch"


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_the_patch_provides_it(behaviour: Behaviour, mended: MiniStack) -> None:
    assert behaviour(mended)


def test_a_connection_is_posted_to_described_and_deleted_and_then_it_is_gone(mended: MiniStack) -> None:
    management = management_api(mended)
    with connected(mended) as socket:
        connection = newest_connection(mended)
        management.post_to_connection(ConnectionId=connection, Data="é".encode())
        assert socket.recv(SECONDS) == "é"
        management.get_connection(ConnectionId=connection)
        management.delete_connection(ConnectionId=connection)
        assert closing_code(socket) == 1000
    for call in (management.get_connection, management.delete_connection):
        with pytest.raises(management.exceptions.GoneException):
            call(ConnectionId=connection)
    with pytest.raises(management.exceptions.GoneException):
        management.post_to_connection(ConnectionId=connection, Data=b"late")
    assert seen(mended, "disconnected")


def test_a_restart_of_the_local_aws_ends_all_connections(tmp_path: Any) -> None:
    aws = MiniStack(tmp_path, mended=True)
    with connected(aws) as socket:
        aws.stop()
        with pytest.raises(ConnectionClosed):
            socket.recv(SECONDS)


def seen(aws: MiniStack, text: str) -> bool:
    """Whether the function logs a text within two seconds."""
    try:
        eventually(lambda: any(text in line for line in aws.logged("sockets")), text, seconds=2)
    except AssertionError:
        return False
    return True


@cache
def api_id(aws: MiniStack) -> str:
    """The id of a WebSocket API, with one function behind all its routes."""
    arn = aws.function("sockets", FUNCTION)
    gateway = aws.client("apigatewayv2")
    api: str = gateway.create_api(
        Name="sockets", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.type"
    )["ApiId"]
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    integration = gateway.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=uri)
    for route in ("$connect", "$disconnect", "$default"):
        gateway.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{integration['IntegrationId']}")
    gateway.create_stage(ApiId=api, StageName="live", AutoDeploy=True)
    return api


@contextmanager
def connected(aws: MiniStack, headers: dict[str, str] | None = None, query: str = "") -> Iterator[ClientConnection]:
    """A connection that asks for the sub-protocol if the server selects one: the client refuses what it has not got."""
    url = f"{aws.url.replace('http', 'ws', 1)}/_aws/execute-api/{api_id(aws)}/live{query}"
    opened = connect(
        url,
        subprotocols=[Subprotocol(PROTOCOL)],
        compression=None,
        proxy=None,
        additional_headers={RUN_HEADER: "test", **(headers or {})},
        open_timeout=SECONDS,
        close_timeout=1,
    )
    with opened:
        yield opened


def refused(aws: MiniStack, query: str) -> int:
    """The status that refuses a handshake."""
    with pytest.raises(InvalidStatus) as refusal, connected(aws, query=query):
        pass
    return refusal.value.response.status_code


def closing_code(socket: ClientConnection) -> int | None:
    """The code with which the server closes; None if it does not within three seconds."""
    try:
        while True:
            socket.recv(3)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    except TimeoutError:
        return None


def management_api(aws: MiniStack) -> Any:
    """A boto3 client of the API of connections."""
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"{aws.url}/_aws/execute-api/{api_id(aws)}/live",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}),
    )


def newest_connection(aws: MiniStack) -> str:
    """The id of the connection that was made last: its function logs it."""
    found: list[str] = []

    def look() -> bool:
        found[:] = [line.rpartition(" ")[2].strip() for line in aws.logged("sockets") if "connection id" in line]
        return bool(found)

    eventually(look, "the connection is logged")
    return found[-1]
