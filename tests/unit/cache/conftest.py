"""Caches of tests, each empty at first, and the server that they share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lamina.cache import values
from lamina.cache.breaker import Breaker
from lamina.cache.client import Client
from lamina.cache.resp import Address, Connection, address_of
from lamina.cache.shared import Shared
from lamina.observability import counts
from tests.support.cache_server import CacheServer, cache_server_in

DEPLOYMENT = "tests"
RESET_SECONDS = 0.3


@pytest.fixture(autouse=True)
def nothing_is_cached() -> Iterator[None]:
    values.memory.clear()
    counts.take()
    yield
    values.memory.clear()
    counts.take()


@pytest.fixture(autouse=True)
def connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    opened: list[Connection] = []

    class Recorded(Connection):
        def __init__(self, address: Address, seconds: float) -> None:
            super().__init__(address, seconds)
            opened.append(self)

    monkeypatch.setattr("lamina.cache.client.Connection", Recorded)
    yield
    for connection in opened:
        connection.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CacheServer]:
    with cache_server_in(tmp_path) as running:
        yield running


def shared_at(url: str) -> Shared:
    return Shared(Client(address_of(url), Breaker(reset_seconds=RESET_SECONDS)), DEPLOYMENT)


@pytest.fixture
def process(server: CacheServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Shared]:
    """Returns a function that turns this process into a new one: with a connection of its own and empty memory."""

    def become() -> Shared:
        shared = shared_at(server.url)
        monkeypatch.setattr(values, "shared_cache", lambda: shared)
        values.memory.clear()
        return shared

    return become
