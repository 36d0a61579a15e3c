"""The cache that processes share, on a real server: one process is told by another what to forget."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lamina.cache import cached, invalidate, values
from lamina.cache.shared import LEASE_SECONDS, MAX_VALUE, Lease, Shared
from lamina.observability import counts
from tests.support.cache_server import CacheServer, needs_server
from tests.unit.cache.conftest import shared_at

pytestmark = needs_server
type Process = Callable[[], Shared]


def test_what_one_process_makes_another_finds(process: Process) -> None:
    calls = []

    @cached("test", versioned=True)
    def make(name: str) -> list[str]:
        calls.append(name)
        return [name, "ä" * 5_000]

    process()
    made = make("a:b")
    process()
    assert make("a:b") == made
    assert make.values.get("a:b") == made
    assert calls == ["a:b"]
    assert counts.take() == {"CacheHits": 2, "CacheMisses": 1}


@pytest.mark.parametrize("pattern", ["", "test:*", "test:a:*"])
def test_what_one_process_invalidates_no_other_shows(process: Process, pattern: str) -> None:
    stored = ["1"]

    @cached("test")
    def find(group: str, name: str) -> str:
        return stored[0] + group[:0] + name[:0]

    process()
    assert [find("a", "x"), find("b", "x")] == ["1", "1"]
    writer, stored[0] = process(), "2"
    invalidate(pattern) if pattern else find.values.forget("a", "x")
    process()
    assert [find("a", "x"), find("b", "x")] == ["2", "2" if pattern == "test:*" else "1"]
    assert writer.client.call(("PING",)) == [b"PONG"]


def test_a_write_through_is_found_by_all(process: Process) -> None:
    @cached("test")
    def find(name: str) -> str:
        return "read" + name[:0]

    process()
    find("a")
    process()
    find.values.put("written", "a")
    process()
    assert find("a") == find.values.get("a") == "written"


def test_many_processes_that_miss_a_key_make_it_once(server: CacheServer) -> None:
    made, processes = [], [shared_at(server.url) for _ in range(12)]
    together = threading.Barrier(12)

    def ask(shared: Shared) -> bytes:
        together.wait()
        found = shared.lease("test:a")
        if isinstance(found, bytes):
            return found
        made.append(found)
        assert isinstance(found, Lease), "the value came in time"
        shared.fill("test:a", found, b"made", 10)
        return b"made"

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(ask, processes)) == {b"made"}
    assert len(made) == 1


def test_who_waits_for_a_slow_process_makes_the_value_itself_after_a_tenth_of_a_second(server: CacheServer) -> None:
    slow, other = shared_at(server.url), shared_at(server.url)
    assert isinstance(slow.lease("test:a"), Lease)
    started = time.monotonic()
    assert other.lease("test:a") is None
    assert time.monotonic() - started < 0.3
    assert 0 < slow.client.call(("PTTL", "tests:{test}:l:test:a"))[0] <= LEASE_SECONDS * 1000  # type: ignore[operator]


@pytest.mark.parametrize("change", ["forget", "pattern", "put"])
def test_a_process_does_not_store_what_it_read_before_another_changed_it(server: CacheServer, change: str) -> None:
    reader, writer = shared_at(server.url), shared_at(server.url)
    lease = reader.lease("test:a")
    assert isinstance(lease, Lease)
    if change == "forget":
        writer.delete("test:a")
    elif change == "pattern":
        writer.delete_below("test:")
    else:
        writer.put("test:a", b"new", 10)
    reader.fill("test:a", lease, b"old", 10)
    assert writer.get("test:a") == (b"new" if change == "put" else None)


def test_values_of_a_lost_generation_are_not_found(server: CacheServer) -> None:
    shared = shared_at(server.url)
    shared.put("test:a", b"old", 10)
    shared.client.call(("DEL", "tests:{test}:g:test:"))  # evicted
    assert shared.get("test:a") is None
    shared.put("test:b", b"new", 10)
    assert shared.get("test:a") is None, "and a new generation does not bring them back"


def test_an_exception_gives_up_the_lease(process: Process) -> None:
    @cached("test")
    def fail() -> str:
        raise ValueError

    shared = process()
    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert isinstance(shared.lease("test"), Lease), "nobody has to wait"


def test_a_value_that_is_too_large_is_not_stored_and_keeps_nobody_waiting(server: CacheServer) -> None:
    shared = shared_at(server.url)
    lease = shared.lease("test:a")
    assert isinstance(lease, Lease)
    assert not shared.fill("test:a", lease, bytes(MAX_VALUE + 1), 10)
    assert not shared.put("test:a", bytes(MAX_VALUE + 1), 10)
    assert isinstance(shared.lease("test:a"), Lease)


def test_what_other_code_stored_is_made_anew(process: Process) -> None:
    @cached("test")
    def find() -> str:
        return "made"

    process().put("test", b"?", 10)
    assert find() == "made"
    assert values.memory.get("test") is None, "unversioned values are the server's alone"
    process()
    assert [find(), find.values.get()] == ["made", "made"]


def test_deployments_on_one_server_do_not_see_each_other(server: CacheServer) -> None:
    shared_at(server.url).put("test:a", b"1", 10)
    assert Shared(shared_at(server.url).client, "other").get("test:a") is None
    keys = shared_at(server.url).client.call(("KEYS", "*"))[0]
    assert isinstance(keys, list)
    assert {key for key in keys if isinstance(key, bytes)} == {b"tests:{test}:v:test:a", b"tests:{test}:g:test:"}


def test_everything_on_the_server_expires(server: CacheServer) -> None:
    shared = shared_at(server.url)
    lease = shared.lease("test:a:b")
    assert isinstance(lease, Lease)
    shared.fill("test:a:b", lease, b"1", 3_600)
    shared.lease("test:c")
    shared.delete_below("test:a:")
    keys = shared.client.call(("KEYS", "*"))[0]
    assert isinstance(keys, list)
    assert len(keys) == 4
    times = shared.client.call(*[("TTL", key) for key in keys if isinstance(key, bytes)])
    assert all(isinstance(left, int) and 0 < left <= 7_200 for left in times)
