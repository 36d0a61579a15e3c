"""The front carries WebSockets to the local AWS and back, and refuses what it refuses of requests."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from local import stack
from local.account import Account
from tests.local.conftest import ask, copy_checkout
from tests.support.stack import RunningStack, look, start

pytestmark = pytest.mark.xdist_group("local")

PROTOCOL = Subprotocol("graphql-transport-ws")
SECONDS = 20
HANDSHAKE = (
    b"GET /realtime HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2FtcGxlIG9mIGEga2V5Lg==\r\n\r\n"
)


@contextmanager
def connected(
    running: RunningStack, query: str = "", source: str = "127.0.0.1", **more: Any
) -> Iterator[ClientConnection]:
    url = f"ws://127.0.0.1:{running.port}/realtime{query}"
    opened = connect(url, subprotocols=[PROTOCOL], proxy=None, open_timeout=SECONDS, source_address=(source, 0), **more)
    with opened:
        yield opened


def seen(running: RunningStack, begun: int) -> dict[str, Any]:
    """What the function printed of the connection that was made last."""
    line = running.wait_for("Sockets: connected", SECONDS, after=begun)
    found: dict[str, Any] = json.loads(line.removeprefix("Sockets: connected "))
    return found


def refusal(running: RunningStack, query: str = "", **more: Any) -> Any:
    with pytest.raises(InvalidStatus) as refused, connected(running, query, **more):
        pass
    return refused.value.response


def test_messages_pass_in_both_directions_by_the_sub_protocol_of_the_function(small: RunningStack) -> None:
    begun = len(small.lines)
    with connected(small) as client:
        assert client.subprotocol == PROTOCOL
        connection = seen(small, begun)["connection"]
        client.send("hello")
        assert small.wait_for("Sockets: message hello", SECONDS, after=begun) == "Sockets: message hello 5"
        post(small, connection, "é" * 60_000)
        assert client.recv(SECONDS) == "é" * 60_000
    small.wait_for("Sockets: disconnect", SECONDS, after=begun)


def test_a_function_sees_the_address_of_the_client_and_not_what_it_claims(small: RunningStack) -> None:
    begun = len(small.lines)
    forged = {"X-Forwarded-For": "203.0.113.7", "X-Lamina-Run": "guess"}
    with connected(small, source="127.0.0.2", additional_headers=forged):
        found = seen(small, begun)
    assert (found["address"], found["forwarded"]) == ("127.0.0.2", "127.0.0.2")
    assert not found["shows the secret"]


def test_frames_arrive_as_they_were_sent(small: RunningStack) -> None:
    begun = len(small.lines)
    with connected(small) as client:
        client.send(["x" * 30_000] * 4)
        small.wait_for(f"Sockets: message {'x' * 20} 120000", SECONDS, after=begun)
        client.send("x" * 33_000)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(SECONDS)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_the_header_of_the_sub_protocol_is_spelled_as_its_standard_does(small: RunningStack) -> None:
    with connected(small) as client:
        assert client.response is not None
        assert "Sec-WebSocket-Protocol" in dict(client.response.headers.raw_items())


def test_no_compression_is_negotiated(small: RunningStack) -> None:
    with connected(small, compression="deflate") as client:
        assert client.protocol.extensions == []


def test_the_status_with_which_a_function_refuses_reaches_the_client(small: RunningStack) -> None:
    assert refusal(small, "?status=401").status_code == 401


def test_a_page_of_another_origin_cannot_connect(small: RunningStack) -> None:
    refused = refusal(small, additional_headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert json.loads(refused.body)["error"]["code"] == "FORBIDDEN"


def test_another_name_of_this_machine_cannot_be_connected_to(small: RunningStack) -> None:
    with socket.create_connection(("127.0.0.1", small.port)) as raw, pytest.raises(InvalidStatus) as refused:
        connect("ws://evil.example/realtime", sock=raw, subprotocols=[PROTOCOL], proxy=None)
    assert refused.value.response.status_code == 403


def test_a_client_that_reads_nothing_delays_nobody(small: RunningStack) -> None:
    begun = len(small.lines)
    with socket.create_connection(("127.0.0.1", small.port)) as unread:
        unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        unread.sendall(HANDSHAKE % small.port)
        slow = seen(small, begun)["connection"]
        for _ in range(100):
            post(small, slow, "x" * 100_000)
        begun = len(small.lines)
        with connected(small) as client:
            quick = seen(small, begun)["connection"]
            for number in range(10):
                asked = time.monotonic()
                post(small, quick, str(number))
                assert client.recv(SECONDS) == str(number)
                assert time.monotonic() - asked < 1


def test_a_plain_request_of_the_same_path_is_the_rest_apis(small: RunningStack) -> None:
    assert ask(small, "/realtime").json["event"]["path"] == "/realtime"


def test_a_change_of_the_function_serves_the_next_connection(small: RunningStack, checkout: Path) -> None:
    function = checkout / "functions" / "web" / "sockets.py"
    source = function.read_text(encoding="utf-8")
    function.write_text(source.replace('"statusCode": int(query.get("status", 200))', '"statusCode": 418'))
    try:
        assert refusal(small).status_code == 418
    finally:
        function.write_text(source, encoding="utf-8")
    with connected(small):
        pass


def test_stopping_ends_open_connections_at_once(tmp_path: Path) -> None:
    with start(root=copy_checkout(tmp_path / "checkout")) as running:
        running.wait_for("ready")
        with connected(running) as client:
            begun = time.monotonic()
            running.process.terminate()
            with pytest.raises(ConnectionClosed):
                client.recv(SECONDS)
            assert time.monotonic() - begun < 2
        assert running.wait_for_end() == 0
        assert time.monotonic() - begun < 8


def post(running: RunningStack, connection: str, message: str) -> None:
    described = look(f"{running.url}/_local/stack")
    account = Account.of(described)
    api = described["resources"]["SocketApi"]
    management = stack.client(
        "apigatewaymanagementapi",
        Account(f"{account.endpoint}/_aws/execute-api/{api}/live", *account.variables.values()),
    )
    management.post_to_connection(ConnectionId=connection, Data=message.encode())
