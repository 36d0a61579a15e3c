"""A cache that fails delays a request by 50 milliseconds and never fails it: killed, stopped, full, flushed, bad."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.authority import CERTIFICATE, make_authority
from lamina.cache import cached, values
from lamina.cache.breaker import Breaker
from lamina.cache.client import CacheUnavailable, Client, NotCalled
from lamina.cache.resp import Address, address_of
from lamina.cache.shared import Shared
from lamina.observability import counts
from tests.support.cache_server import PASSWORD, CacheServer, answering, cache_server_in, needs_server, tls_in_front_of
from tests.unit.cache.conftest import RESET_SECONDS, shared_at

SLACK = 0.15
"""Seconds that a busy machine may add."""
type Process = Callable[[], Shared]


@cached("test")
def find(name: str) -> str:
    return "made" + name[:0]


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds + SLACK


def fill(shared: Shared, size: int) -> None:
    for number in range(20_000):
        shared.put(f"test:{size}:{number}", bytes(size), 100)


def recovered() -> bool:
    """Whether the cache answers again, within a few seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        find("a")
        if find.values.get("a") == "made":
            return True
        threading.Event().wait(0.05)
    return False


@needs_server
def test_a_killed_server_is_done_without_and_used_again_when_it_is_back(server: CacheServer, process: Process) -> None:
    process()
    assert find("a") == "made"
    server.kill()
    for _ in range(20):
        with at_most(0.05):
            assert find("a") == "made"
    assert 1 <= counts.take()["CacheFailures"] <= 8, "after three, the circuit is open"
    server.start()
    assert recovered()


@needs_server
def test_a_server_that_hangs_delays_three_calls_and_then_none(server: CacheServer, process: Process) -> None:
    process()
    find("a")
    server.hang()
    started = time.monotonic()
    for _ in range(200):
        with at_most(0.1):
            assert find("a") == "made"
    assert time.monotonic() - started < 1.5, "three calls and some probes of 50 ms"
    server.go_on()
    assert recovered()


@needs_server
def test_a_full_server_is_read_and_written_in_vain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cache_server_in(tmp_path, "--maxmemory", "1100kb", "--maxmemory-policy", "noeviction") as server:
        shared = shared_at(server.url)
        monkeypatch.setattr(values, "shared_cache", lambda: shared)
        for size in (100_000, 10_000, 1_000, 100, 1):  # smaller and smaller, until nothing has room
            with pytest.raises(CacheUnavailable, match="OOM"):
                fill(shared, size)
        for _ in range(10):
            assert find("a") == "made"
        assert counts.take()["CacheFailures"] >= 10
        assert shared.client.breaker.allows(), "it answers fast, so it stays in use"
        shared.client.call(("FLUSHALL",), ("CONFIG", "SET", "maxmemory", "0"))
        assert recovered()


@needs_server
def test_a_flushed_server_is_filled_again(process: Process) -> None:
    shared = process()
    find("a")
    shared.client.call(("FLUSHALL",))
    assert find.values.get("a") is None
    assert find("a") == find.values.get("a") == "made"


@needs_server
def test_a_connection_that_the_server_closed_is_opened_again_unnoticed(server: CacheServer, process: Process) -> None:
    shared = process()
    find("a")
    with socket.create_connection(("127.0.0.1", server.port)) as admin:
        admin.sendall(b"CLIENT KILL TYPE normal SKIPME yes\r\n")
        assert admin.recv(100).startswith(b":")
    assert find.values.get("a") == "made"
    shared.client.close()
    assert find.values.get("a") == "made"
    assert "CacheFailures" not in counts.take()


@needs_server
@pytest.mark.parametrize("user", ["", "default"])
def test_it_signs_in_and_a_wrong_password_is_a_failure(tmp_path: Path, user: str) -> None:
    with cache_server_in(tmp_path, "--requirepass", PASSWORD) as server:
        url = server.url.replace("://:", f"://{user}:") + "/3"
        assert Client(address_of(url)).call(("SET", "a", "1"), ("GET", "a")) == [b"OK", b"1"]
        for wrong in (url.replace("s3cret", "wrong"), f"redis://127.0.0.1:{server.port}/3"):
            with pytest.raises(CacheUnavailable, match=r"WRONGPASS|NOAUTH"):
                Client(address_of(wrong)).call(("GET", "a"))
        assert PASSWORD not in repr(address_of(url))


@needs_server
def test_tls_is_checked(server: CacheServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text(make_authority(tmp_path))
    with tls_in_front_of(server.port, tmp_path / CERTIFICATE) as port:
        with pytest.raises(CacheUnavailable, match="SSL"):
            ask_patiently(patient_client(address_of(f"rediss://127.0.0.1:{port}")))
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert ask_patiently(patient_client(address_of(f"rediss://127.0.0.1:{port}"))) == [b"PONG"]
        with pytest.raises(CacheUnavailable, match="SSL"):
            ask_patiently(patient_client(address_of(f"rediss://localhost:{port}")))


def test_a_slow_connection_delays_one_request_and_is_used_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    may_connect = threading.Event()

    def look_up(*_: object, **__: object) -> socket.socket:
        may_connect.wait(5)
        return connect(("127.0.0.1", port))

    connect = socket.create_connection
    with answering(b"+PONG\r\n") as port:
        monkeypatch.setattr("lamina.cache.resp.socket.create_connection", look_up)
        client = Client(Address("cache.invalid", port, tls=False))
        with at_most(0.05), pytest.raises(NotCalled):
            client.call(("PING",))
        started = time.monotonic()
        for _ in range(100):
            with pytest.raises(NotCalled):
                client.call(("PING",))
        assert time.monotonic() - started < SLACK, "others do not wait"
        may_connect.set()
        assert ask_patiently(client) == [b"PONG"]


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"$99999999999\r\n",
        b"*99999999\r\n",
        b"$x\r\n",
        b"*x\r\n",
        b"$5\r\nab",
        b"*2\r\n$1\r\na\r\n",
        b":\r\n",
        b"\r\n",
        b"+" + b"x" * 200_000,
        b"",
    ],
)
def test_what_is_no_reply_is_a_failure_in_time(reply: bytes) -> None:
    with answering(reply) as port:
        client = Client(Address("127.0.0.1", port, tls=False))
        with at_most(0.1), pytest.raises(CacheUnavailable):
            client.call(("GET", "a"))


def test_a_reply_of_another_kind_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    for reply in (b"+OK\r\n", b":1\r\n", b"*0\r\n", b"*1\r\n:1\r\n", b"$-1\r\n", b"*-1\r\n"):
        with answering(*[reply * 8] * 8) as port:
            shared = Shared(Client(Address("127.0.0.1", port, tls=False)), "tests")
            monkeypatch.setattr(values, "shared_cache", lambda shared=shared: shared)
            assert find("a") == "made"


def test_threads_share_a_connection() -> None:
    with answering(*[b"+PONG\r\n"] * 10) as port:
        client = Client(Address("127.0.0.1", port, tls=False))
        client._lock.acquire()
        with at_most(0.05), pytest.raises(NotCalled, match="busy"):
            client.call(("PING",))
        client._lock.release()
        assert client.call(("PING",)) == [b"PONG"]


@needs_server
def test_the_circuit_closes_by_itself(server: CacheServer) -> None:
    client = Client(address_of(server.url), Breaker(reset_seconds=RESET_SECONDS))
    server.kill()
    opened = []
    for _ in range(3):
        with pytest.raises(CacheUnavailable) as failure:
            client.call(("PING",))
        opened.append(failure.value.opened)
    assert opened == [False, False, True]
    with pytest.raises(NotCalled):
        client.call(("PING",))
    server.start()
    threading.Event().wait(RESET_SECONDS)
    assert client.call(("PING",)) == [b"PONG"]


def patient_client(address: Address) -> Client:
    """Return a client with time for a busy machine."""
    return Client(address, seconds=5)


def ask_patiently(client: Client) -> list[object]:
    """Ask again while the connection is being opened: a TLS handshake takes its time on a busy machine."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return list(client.call(("PING",)))
        except NotCalled:
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)
