"""How requests to AWS leave this process."""

from typing import Any

import pytest
from botocore.awsrequest import AWSHTTPSConnectionPool

from lamina.aws import OneWrite

BODY = b'{"Key": {}}'


class Wire:
    """A socket that notes each write."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.writes.append(data)

    def settimeout(self, _: float) -> None:
        """Nothing takes its time here."""


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def connection(wire: Wire) -> OneWrite:
    """A connection of the kind that every client makes, as if it were open."""
    made = AWSHTTPSConnectionPool("example.com")._new_conn()
    assert isinstance(made, OneWrite)
    made.sock = wire
    return made


def test_a_request_is_one_write(connection: OneWrite, wire: Wire) -> None:
    for _ in range(2):
        connection.request("POST", "/", BODY, {"Content-Type": "application/x-amz-json-1.0"})
        connection._HTTPConnection__state = "Idle"  # type: ignore[attr-defined]  # as if it had been answered
    first, second = wire.writes
    assert first == second
    assert first.startswith(b"POST / HTTP/1.1\r\n")
    assert first.endswith(b"\r\n\r\n" + BODY)
    assert f"Content-Length: {len(BODY)}\r\n".encode() in first


@pytest.mark.parametrize("body", [None, b""])
def test_a_request_without_a_body_is_one_write_too(connection: OneWrite, wire: Wire, body: bytes | None) -> None:
    connection.request("GET", "/", body, {})
    (written,) = wire.writes
    assert written.endswith(b"\r\n\r\n")


def parts() -> Any:
    yield from (b"one", b"two")


def test_a_body_in_parts_follows_its_head(connection: OneWrite, wire: Wire) -> None:
    connection.request("PUT", "/", parts(), {"Content-Length": "6"})
    assert wire.writes[1:] == [b"one", b"two"]


def test_a_body_that_the_server_may_refuse_waits_until_it_was_asked(
    connection: OneWrite, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib3.util.wait_for_read", lambda *_: False)
    connection.request("PUT", "/", BODY, {"Expect": b"100-continue"})
    head, body = wire.writes
    assert head.endswith(b"\r\n\r\n")
    assert body == BODY
