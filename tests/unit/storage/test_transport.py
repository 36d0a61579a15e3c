"""The DynamoDB transport against a server that fails in every way that a server or a network can."""

import inspect
import json
import os
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, NoCredentialsError

from bench.authority import CERTIFICATE, make_authority
from lamina.storage import signing, transport
from lamina.storage.connections import (
    READ_SECONDS,
    Exchange,
    NotSentError,
    RawResponse,
    dynamodb_endpoint,
    pooled_exchange,
)
from lamina.storage.signing import Credentials, credentials_of_process, signed_headers, signed_request
from lamina.storage.transport import ATTEMPTS, Call, DynamoDb

READ = ("GetItem", {"TableName": "t", "Key": {"pk": {"S": "a"}}})
WRITE = ("UpdateItem", {"TableName": "t", "Key": {"pk": {"S": "a"}}})
TRANSACTION = ("TransactWriteItems", {"TransactItems": [], "ClientRequestToken": "token"})
FOUND: dict[str, Any] = {"Item": {"pk": {"S": "a"}}}

type Answer = Callable[[socket.socket], bool]
"""What the server does with one request; returns whether it keeps the connection."""


def sends(status: int, content: object, headers: dict[str, str] | None = None, *, cut: int = 0) -> Answer:
    """Answer with JSON; the last `cut` bytes are left out, and the connection ends."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    given = {"Content-Length": str(len(body)), "x-amz-crc32": str(zlib.crc32(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    raw = f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + body

    def answer(peer: socket.socket) -> bool:
        peer.sendall(raw[: len(raw) - cut])
        return not cut

    return answer


def fails(status: int, code: str, **more: Any) -> Answer:
    """Answer with an error as DynamoDB writes it."""
    return sends(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "No.", **more})


def hangs_up(_: socket.socket) -> bool:
    """End the connection without an answer."""
    return False


def goes_silent(peer: socket.socket) -> bool:
    """Answer nothing until the client has given up."""
    peer.settimeout(10)
    peer.recv(1)
    return False


class Server:
    """Answers requests on 127.0.0.1, each as the script says; keeps what was asked."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.context: ssl.SSLContext | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        if self.context:
            try:
                peer = self.context.wrap_socket(peer, server_side=True)
            except OSError:
                return  # The client has refused the certificate.
        with closing(peer), peer.makefile("rb") as stream:
            while head := _head(stream):
                length = next(
                    int(line[15:]) for line in head.lower().splitlines() if line.startswith(b"content-length:")
                )
                self.requests.append(head + stream.read(length))
                answer = self.script.pop(0)
                if not answer(peer):
                    return


def _head(stream: Any) -> bytes:
    lines = iter(stream.readline, b"\r\n")
    return b"".join(line for line in iter(lambda: next(lines, b""), b""))


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let waits be short, and the clock of the budget stand still: attempts are counted however slow the machine is."""
    monkeypatch.setattr(transport, "BACKOFF_SECONDS", 0.001)
    monkeypatch.setattr(transport, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=time.sleep, time=time.time))


@pytest.fixture
def client(server: Server, patience: None) -> DynamoDb:  # noqa: ARG001 (before the client is made)
    soon, late = (pooled_exchange(server.url, read_seconds=seconds) for seconds in (0.2, 30))

    def exchange(body: bytes, headers: Mapping[str, str]) -> RawResponse:
        """Wait for silence alone in vain: a response may take its time."""
        return (soon if server.script[:1] == [goes_silent] else late)(body, headers)

    return DynamoDb(server.url, "us-east-1", exchange=exchange)


def call(client: DynamoDb, request: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return client._make_api_call(*request)


LOST = {
    "reset after the request": hangs_up,
    "truncated body": sends(200, FOUND, cut=3),
    "wrong checksum": sends(200, FOUND, {"x-amz-crc32": "1"}),
    "not JSON": sends(200, b"<html>"),
    "silence": goes_silent,
    "500": fails(500, "InternalServerError"),
    "503": fails(503, "ServiceUnavailable"),
}
"""Failures after which nobody knows whether the request was applied."""


@pytest.mark.parametrize("failure", LOST.values(), ids=LOST)
@pytest.mark.parametrize("request_", [READ, TRANSACTION], ids=["read", "transaction"])
def test_what_has_one_effect_however_often_it_runs_is_sent_again(
    server: Server, client: DynamoDb, failure: Answer, request_: tuple[str, dict[str, Any]]
) -> None:
    server.script = [failure, failure, sends(200, FOUND)]
    assert call(client, request_) == FOUND
    assert len(server.requests) == ATTEMPTS


@pytest.mark.parametrize("failure", LOST.values(), ids=LOST)
def test_a_write_whose_outcome_is_unknown_is_not_sent_again(server: Server, client: DynamoDb, failure: Answer) -> None:
    server.script = [failure, sends(200, {})]
    with pytest.raises((ConnectionClosedError, ClientError)):
        call(client, WRITE)
    assert len(server.requests) == 1


def test_the_token_of_a_transaction_is_the_same_in_every_attempt(server: Server, client: DynamoDb) -> None:
    server.script = [hangs_up, sends(200, {})]
    call(client, TRANSACTION)
    assert [b'"ClientRequestToken": "token"' in request for request in server.requests] == [True, True]


@pytest.mark.parametrize("code", sorted(transport.THROTTLED))
def test_a_write_that_was_throttled_is_sent_again(server: Server, client: DynamoDb, code: str) -> None:
    server.script = [fails(400, code), sends(200, {})]
    assert call(client, WRITE) == {}


def test_it_gives_up_after_three_attempts(server: Server, client: DynamoDb) -> None:
    server.script = [fails(400, "ThrottlingException")] * ATTEMPTS
    with pytest.raises(ClientError) as refused:
        call(client, READ)
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert len(server.requests) == ATTEMPTS


def test_no_attempt_starts_beyond_the_budget(server: Server, client: DynamoDb, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, transport.BUDGET_SECONDS])
    monkeypatch.setattr(transport, "time", SimpleNamespace(monotonic=lambda: next(clock), time=time.time))
    server.script = [fails(400, "ThrottlingException")]
    with pytest.raises(ClientError):
        call(client, READ)
    assert len(server.requests) == 1


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_a_client_error_is_final_and_has_dynamodbs_message(
    server: Server, client: DynamoDb, request_: tuple[str, dict[str, Any]]
) -> None:
    server.script = [fails(400, "ConditionalCheckFailedException", Item={"pk": {"S": "b"}})]
    with pytest.raises(ClientError) as refused:
        call(client, request_)
    assert refused.value.response["Error"] == {"Code": "ConditionalCheckFailedException", "Message": "No."}
    assert refused.value.response["Item"] == {"pk": {"S": "b"}}  # type: ignore[typeddict-item]
    assert len(server.requests) == 1


def test_where_nothing_listens_every_call_is_tried_again_and_fails(patience: None) -> None:  # noqa: ARG001
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        seen: list[Call] = []
        client = DynamoDb(f"http://127.0.0.1:{unused.getsockname()[1]}", "us-east-1")
        client.after.append(seen.append)
        with pytest.raises(EndpointConnectionError):
            call(client, WRITE)
    assert seen[0].attempts == ATTEMPTS


def test_an_unknown_host_is_a_connection_error() -> None:
    with pytest.raises(EndpointConnectionError):
        call(DynamoDb("http://nowhere.invalid:1", "us-east-1"), READ)


def test_a_connection_is_kept_and_one_that_the_server_has_ended_is_replaced(server: Server) -> None:
    exchange = pooled_exchange(server.url)
    client = DynamoDb(server.url, "us-east-1", exchange=exchange)
    server.script = [sends(200, {}), sends(200, {}), lambda peer: sends(200, {})(peer) and False, sends(200, {})]
    for _ in range(3):
        call(client, WRITE)
    assert server.connections == 1
    deadline = time.monotonic() + 5
    while not _is_ended(exchange) and time.monotonic() < deadline:
        pass
    assert call(client, WRITE) == {}
    assert server.connections == 2


def _is_ended(exchange: Exchange) -> bool:
    """Whether the end that the server has sent has arrived."""
    pool = inspect.getclosurevars(inspect.getclosurevars(exchange).nonlocals["requests"]).nonlocals["idle"]
    kept = pool[-1]
    sock = kept.sock
    sock.setblocking(False)
    try:
        return bool(sock.recv(1, socket.MSG_PEEK) == b"")
    except BlockingIOError:
        return False
    finally:
        sock.settimeout(READ_SECONDS)


def test_no_more_connections_are_kept_than_the_pool_holds(server: Server) -> None:
    exchange = pooled_exchange(server.url, connections=1)
    together = Barrier(2)

    def answers_together(peer: socket.socket) -> bool:
        together.wait(5)
        return sends(200, {})(peer)

    server.script = [answers_together, answers_together, sends(200, {}), sends(200, {})]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: exchange(b"", {}), range(2)))
    assert server.connections == 2
    for _ in range(2):
        exchange(b"", {})
    assert server.connections == 2


@pytest.fixture
def encrypted(tmp_path: Path, server: Server) -> tuple[str, str]:
    """The address of a server with TLS, and the authority that has signed its certificate."""
    authority = tmp_path / "authority.pem"
    authority.write_text(make_authority(tmp_path), encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / CERTIFICATE)
    server.context = context
    return server.url.replace("http:", "https:"), str(authority)


def test_a_server_of_a_known_authority_is_called(
    encrypted: tuple[str, str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, authority = encrypted
    monkeypatch.setenv("AWS_CA_BUNDLE", authority)
    server.script = [sends(200, FOUND), sends(200, FOUND)]
    exchange = pooled_exchange(url)
    for _ in range(2):
        assert json.loads(exchange(b"", {}).body) == FOUND
    assert server.connections == 1


def test_a_server_of_an_unknown_authority_or_of_another_name_is_sent_nothing(
    encrypted: tuple[str, str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, authority = encrypted
    with pytest.raises(NotSentError):
        pooled_exchange(url)(b"", {})
    monkeypatch.setenv("AWS_CA_BUNDLE", authority)
    with pytest.raises(NotSentError):
        pooled_exchange(url.replace("127.0.0.1", "localhost"))(b"", {})
    assert server.requests == []


def test_a_clock_that_is_wrong_is_corrected_by_the_servers(server: Server, client: DynamoDb) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=5)
    body = {"__type": "x#InvalidSignatureException", "message": "Signature expired"}
    server.script = [sends(400, body, {"Date": format_datetime(ahead, usegmt=True)}), sends(200, {}), sends(200, {})]
    call(client, WRITE)
    call(client, WRITE)
    dates = [
        line for request in server.requests for line in request.decode().splitlines() if line.startswith("x-amz-date")
    ]
    assert [f"{ahead:%Y%m%dT%H}" in date for date in dates] == [False, True, True]


def test_a_bad_signature_at_the_right_time_is_final(server: Server, client: DynamoDb) -> None:
    body = {"__type": "x#InvalidSignatureException", "message": "Bad"}
    server.script = [sends(400, body, {"Date": format_datetime(datetime.now(UTC), usegmt=True)})]
    with pytest.raises(ClientError):
        call(client, READ)
    assert len(server.requests) == 1


def test_expired_credentials_are_reloaded(server: Server, patience: None) -> None:  # noqa: ARG001 (as above)
    found = iter(["old", "new"])
    client = DynamoDb(server.url, "us-east-1", credentials=lambda: Credentials(next(found), "secret", "token"))
    server.script = [fails(400, "ExpiredTokenException"), sends(200, {})]
    call(client, WRITE)
    assert [b"Credential=new/" in request for request in server.requests] == [False, True]


def test_credentials_are_read_from_the_environment_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "first")
    assert credentials_of_process().access_key == "first"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "second")
    assert credentials_of_process().access_key == "second"


def test_without_variables_credentials_are_what_botocore_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    signing.forget_credentials()
    monkeypatch.setattr(
        "botocore.utils.ContainerMetadataFetcher.retrieve_full_uri",
        lambda *_, **__: {
            "AccessKeyId": "container",
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": "2099-01-01T00:00:00Z",
        },
    )
    try:
        assert credentials_of_process().access_key == "container"
    finally:
        signing.forget_credentials()


def test_without_credentials_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, client: DynamoDb, server: Server) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setattr(signing, "_provided_credentials", lambda: None)
    with pytest.raises(NoCredentialsError):
        call(client, READ)
    assert not server.requests


@pytest.mark.parametrize("token", [None, "session-token"])
def test_signatures_are_those_of_botocore(token: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = Credentials("AKID", "secret", token)
    body = json.dumps(READ[1]).encode()
    clock = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: clock.replace(tzinfo=None))
    ours = signed_headers(
        "GetItem", body, host="127.0.0.1:8000", region="eu-west-1", credentials=credentials, clock=clock.timestamp()
    )
    given = {name: ours[name] for name in ("content-type", "x-amz-target")}
    theirs = AWSRequest("POST", "http://127.0.0.1:8000/", headers=given, data=body)
    SigV4Auth(ReadOnlyCredentials(*credentials), "dynamodb", "eu-west-1").add_auth(theirs)
    assert ours["authorization"] == theirs.headers["Authorization"]


@pytest.mark.parametrize("token", [None, "session-token"])
def test_signatures_of_rest_apis_are_those_of_botocore(token: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = Credentials("AKID", "secret", token)
    clock = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: clock.replace(tzinfo=None))
    path, host = "/live/%40connections/L0SM9cOFvHcCIhw%3D", "abc.execute-api.eu-west-1.amazonaws.com"
    ours = signed_request(
        "POST",
        path,
        b"{}",
        host=host,
        region="eu-west-1",
        service="execute-api",
        credentials=credentials,
        clock=clock.timestamp(),
    )
    theirs = AWSRequest("POST", f"https://{host}{path}", data=b"{}")
    SigV4Auth(ReadOnlyCredentials(*credentials), "execute-api", "eu-west-1").add_auth(theirs)
    assert ours["authorization"] == theirs.headers["Authorization"]


def test_bytes_are_encoded_and_decoded(server: Server, client: DynamoDb) -> None:
    stored = {"a": {"B": b"\x00\xff"}, "m": {"M": {"B": {"BS": [b"1", b""]}}}, "B": {"S": "B"}}
    raw = {"a": {"B": "AP8="}, "m": {"M": {"B": {"BS": ["MQ==", ""]}}}, "B": {"S": "B"}}
    server.script = [sends(200, {"Item": raw})]
    assert call(client, ("PutItem", {"Item": stored})) == {"Item": stored}
    assert json.loads(server.requests[0].partition(b"\r\n")[2].rpartition(b"\r\n")[2] or b"{}")["Item"] == raw


def test_observers_see_each_call_with_its_attempts_and_units(server: Server, client: DynamoDb) -> None:
    seen: list[Call] = []
    client.after.append(seen.append)
    server.script = [hangs_up, sends(200, {"ConsumedCapacity": {"CapacityUnits": 0.5}}), fails(400, "X")]
    call(client, READ)
    with pytest.raises(ClientError):
        call(client, WRITE)
    first, second = seen
    assert (first.operation, first.attempts, first.response) == (
        "GetItem",
        2,
        {"ConsumedCapacity": {"CapacityUnits": 0.5}},
    )
    assert second.response
    assert second.response["Error"]["Code"] == "X"


@pytest.mark.parametrize(
    ("region", "given", "url"),
    [
        ("eu-west-1", {}, "https://dynamodb.eu-west-1.amazonaws.com"),
        ("cn-north-1", {}, "https://dynamodb.cn-north-1.amazonaws.com.cn"),
        ("eu-west-1", {"AWS_ENDPOINT_URL": "http://a:1"}, "http://a:1"),
        ("eu-west-1", {"AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://b:2"}, "http://b:2"),
    ],
)
def test_the_endpoint_is_the_regions_or_what_the_environment_names(
    region: str, given: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert dynamodb_endpoint(region) == url
