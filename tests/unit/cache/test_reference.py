"""The client does what redis-py does on the same server, and needs no more rights than the documents say."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lamina.cache.client import CacheUnavailable, Client
from lamina.cache.resp import Refused, address_of
from lamina.cache.shared import Lease, Shared
from tests.support.cache_server import CacheServer, cache_server_in, needs_server
from tests.unit.cache.conftest import shared_at

pytestmark = needs_server
CACHING = Path(__file__).resolve().parents[3] / "docs" / "caching.md"
KEYS = st.sampled_from(["a", "b", "ä:{x}", "with space", "\r\n"])
VALUES = st.one_of(st.binary(max_size=200), st.integers(-(2**63), 2**63 - 1), st.just(b"x" * 100_000))
COMMANDS = st.one_of(
    st.tuples(st.sampled_from(["GET", "DEL", "INCR", "TYPE", "LLEN"]), KEYS),
    st.tuples(st.just("MGET"), KEYS, KEYS),
    st.tuples(st.just("SET"), KEYS, VALUES),
    st.tuples(st.just("SET"), KEYS, VALUES, st.just("NX"), st.just("PX"), st.just(10_000)),
    st.tuples(st.just("RPUSH"), KEYS, VALUES),
    st.tuples(st.just("LRANGE"), KEYS, st.just(0), st.just(-1)),
    st.tuples(st.just("EVAL"), st.just("return {1, {ARGV[1], false}, {err='MY error'}}"), st.just(0), VALUES),
)


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CacheServer]:
    with cache_server_in(tmp_path_factory.mktemp("redis")) as running:
        yield running


@given(commands=st.lists(COMMANDS, min_size=1, max_size=12))
@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_reply_is_that_of_redis_py(shared_server: CacheServer, commands: list[tuple[Any, ...]]) -> None:
    ours = Client(address_of(shared_server.url), seconds=5)
    theirs = redis.Redis(port=shared_server.port, db=1, single_connection_client=True)
    try:
        ours.call(("SELECT", 0), ("FLUSHDB",))
        theirs.flushdb()
        replies = ours._call(commands, time.monotonic() + 5)
        expected = [_of_redis_py(theirs, command) for command in commands]
        assert [_comparable(reply) for reply in replies] == expected
    finally:
        ours.close()
        theirs.close()


def test_what_is_stored_is_what_redis_py_reads(server: CacheServer) -> None:
    shared_at(server.url).put("test:a", b"value\r\n\x00", 10)
    with redis.Redis(port=server.port) as theirs:
        stored = theirs.get("tests:{test}:v:test:a")
        assert isinstance(stored, bytes)
        assert stored.partition(b"\n")[2] == b"value\r\n\x00"


def test_the_user_of_the_documents_may_do_what_the_cache_does_and_nothing_else(server: CacheServer) -> None:
    acl = re.search(r"^ACL SETUSER .*$", CACHING.read_text(), re.MULTILINE)
    assert acl
    admin = shared_at(server.url).client
    admin.call(tuple(acl[0].replace(">password", ">s3cret").split()))
    limited = Client(address_of(f"redis://lamina:s3cret@127.0.0.1:{server.port}/2"), seconds=5)
    shared = Shared(limited, "tests")
    lease = shared.lease("test:a:b")
    assert isinstance(lease, Lease)
    assert shared.fill("test:a:b", lease, b"1", 10)
    assert shared.put("test:c", b"2", 10)
    assert (shared.get("test:a:b"), shared.lease("test:c")) == (b"1", b"2")
    shared.delete("test:c")
    shared.delete_below("test:")
    assert shared.get("test:a:b") is None
    for command in (("KEYS", "*"), ("FLUSHALL",), ("CONFIG", "GET", "*"), ("SUBSCRIBE", "a")):
        with pytest.raises(CacheUnavailable, match="NOPERM"):
            limited.call(command)


def _of_redis_py(client: "redis.Redis", command: tuple[Any, ...]) -> object:
    """Return the raw reply to a command, without what redis-py makes of it."""
    connection = client.connection
    assert connection is not None
    connection.send_command(*command)  # type: ignore[no-untyped-call]
    try:
        return _comparable(connection.read_response())
    except redis.ResponseError as error:
        return _comparable(error)


def _comparable(reply: object) -> object:
    """Return a reply with each error as the fact that it is one: redis-py cuts codes off some of them."""
    if isinstance(reply, list):
        return [_comparable(each) for each in reply]
    return "error" if isinstance(reply, Refused | redis.ResponseError) else reply
