"""How long a read takes with and without the cache, and a command with our client and with redis-py."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import pytest
import redis

from bench import ROOT
from lamina.access.policy import Role
from lamina.cache import values
from lamina.cache.shared import Shared
from lamina.events.request_context import RequestContext
from lamina.posts import reading, service
from lamina.posts.model import NewPost
from lamina.users.model import User
from tests.integration.metering import Meter
from tests.support.aws import make_user
from tests.support.callers import in_session

READS = 200
COMMANDS = 1_000
IMPORTS = 5
LENGTHS = (1_000, 20_000, 100_000)


@dataclass(frozen=True)
class Latency:
    """Milliseconds of a call: the median, and what one in a hundred exceeds."""

    p50: float
    p99: float


@dataclass(frozen=True)
class Read:
    """A read of a public post of some length: without the cache, from the process, from the server."""

    length: int
    none: Latency
    process: Latency
    server: Latency | None
    units: tuple[float, float]
    """Read units without the cache and with it."""


def reads(meter: Meter, shared: Shared | None) -> list[Read]:
    """Measure reads of posts of several lengths."""
    author = make_user("author", Role.EDITOR)
    return [_read(meter, shared, author, length) for length in LENGTHS]


def _read(meter: Meter, shared: Shared | None, author: User, length: int) -> Read:
    new = NewPost(author_id=author.id, title=f"Post {length}", content=_text(length), published=True)
    post_id = service.create(new, RequestContext(None, "bench"), by=in_session(author)).post.id

    def read() -> None:
        reading.get_whole(post_id, None)

    def units(prepare: Callable[[], None]) -> float:
        prepare()
        with meter.running() as bill:
            read()
        return bill.reads

    cold = units(values.memory.clear)
    warm = units(lambda: None)
    server = None
    if shared is not None:
        with _sharing(shared):
            read()
            server = timed(read, READS, values.memory.clear)
    return Read(length, timed(read, READS, values.memory.clear), timed(read, READS), server, (cold, warm))


def _text(length: int) -> str:
    """Return words that compress about as well as prose."""
    chance = random.Random(1)  # noqa: S311 (nothing secret)
    known = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(2_000)]
    return " ".join(chance.choices(known, k=length // 4))[:length]


@contextmanager
def _sharing(shared: Shared) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(values, "shared_cache", lambda: shared)
        values.memory.clear()
        yield


def commands(shared: Shared, port: int) -> dict[str, Latency]:
    """Measure `MGET` of 2,000 bytes and a generation with both clients."""
    shared.put("bench:a", bytes(2_000), 60)
    theirs = redis.Redis(port=port, single_connection_client=True)
    names = [shared._name("v", "bench:a"), shared._name("g", "bench:")]  # noqa: SLF001 (what it sends)
    try:
        return {
            "lamina": timed(lambda: shared.client.call(("MGET", *names)), COMMANDS),
            "redis-py": timed(lambda: theirs.mget(names), COMMANDS),
        }
    finally:
        theirs.close()


def imports() -> dict[str, float]:
    """Measure the processor time (ms) of an import of each client, in a process that has what functions have."""
    base = "import json, socket, ssl, threading, concurrent.futures, logging, urllib.parse, random, datetime, asyncio"
    ours = "import lamina.cache.client, lamina.cache.resp, lamina.cache.shared"
    return {"lamina": _import(base + ", lamina.cache", ours), "redis-py": _import(base, "import redis")}


def _import(base: str, module: str) -> float:
    program = f"{base}\nimport time\nstarted = time.process_time()\n{module}\nprint(time.process_time() - started)"
    command = [sys.executable, "-c", program]
    folder = str(ROOT / "layers" / "core")
    taken = [
        float(subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout)
        for _ in range(IMPORTS)
    ]
    return round(1000 * min(taken), 1)


def timed(call: Callable[[], object], count: int, prepare: Callable[[], None] = lambda: None) -> Latency:
    """Return how long calls take, after a few that do not count."""
    taken = []
    for _ in range(count + 20):
        prepare()
        started = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - started))
    counted = sorted(taken[20:])
    return Latency(round(median(counted), 3), round(counted[int(len(counted) * 0.99)], 3))
