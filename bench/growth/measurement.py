"""Measures the cost and duration of every access pattern of the tests at one table size."""

import logging
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from bench import HOST
from bench.engine import PROGRAM, program
from bench.growth.filling import WHOLE, export, position_of
from bench.ports import free_port
from bench.progress import say, step
from lamina.access.policy import Role
from lamina.http import idempotency
from lamina.http.listing import ListRequest
from lamina.settings import settings
from lamina.storage.connections import pooled_exchange
from lamina.storage.item import connect
from lamina.storage.transport import DynamoDb
from lamina.users.queries import user_query
from tests.integration.access_patterns.measuring import PATTERNS, measure
from tests.integration.access_patterns.pattern import World
from tests.integration.metering import Meter
from tests.support.aws import Api, make_user, services, signed_in, table_definition

NEWS_SECONDS = 30.0
LOAD_SECONDS = 3600.0
REPEATS = 7
"""Number of timed calls of each pattern."""
TURNS = 60
"""Pages of each position of a cursor, in turns."""
LIST = "/v1/users?limit=20"
FAR = 0.9
"""Relative position of the page that is compared with the first page: user 900,000 of a million."""


def measure_sizes(numbers: Iterable[int]) -> dict[str, Any]:
    """Fill a table with each number of users; return units and median milliseconds of each pattern."""
    logging.disable(logging.WARNING)
    # The code keeps the signing key that it has read, so all tables share one.
    with services():
        return {str(number): _measure_size(number) for number in numbers}


def _measure_size(number: int) -> dict[str, Any]:
    with TemporaryDirectory(prefix="lamina-growth-") as folder, _table(number, Path(folder)) as client:
        with step("measuring consumed units"):
            figures = [asdict(figure) for figure in measure(Meter(client))]
        with step("measuring durations"):
            rounds = [_times(name) for name in range(REPEATS)]
            for figure, *taken in zip(figures, *rounds, strict=True):
                figure["milliseconds"] = round(median(taken) * 1000, 2)
        cursors = _pages(signed_in("paging.admin", Role.ADMIN)[0], number) if number > 2 * WHOLE else {}
    return {"patterns": figures, "cursors": cursors}


def _times(name: int) -> list[float]:
    """Send each pattern once, for a user of its own; return the seconds.

    The users belong to this round only, because some things are limited per user.
    """
    taken = []
    admin, viewer = signed_in(f"timing.admin.{name}", Role.ADMIN)[0], signed_in(f"timing.viewer.{name}")[0]
    for place, pattern in enumerate(PATTERNS):
        world = World(admin, viewer, make_user(f"timed.{place:02}.{name}", metadata={"team": "blue"}))
        prepared = pattern.prepare(world)
        begun = time.perf_counter()
        pattern.act(world, prepared)
        taken.append(time.perf_counter() - begun)
    return taken


def _pages(admin: Api, number: int) -> dict[str, float]:
    """Read the first page and one far into the list, in turns; return median milliseconds by position."""
    query = user_query(sort=None, role=None, status=None, search=None, deleted=False, page=None, private=True)
    request = ListRequest("/v1/users", query.filters, audience="private")
    place = int(number * FAR)
    edge = position_of(place, number)
    far = request.meta(request.position(20, None, None), total=None, last=edge, has_more=True).next_cursor
    near = admin.get("/v1/users?limit=1").json["meta"]["next_cursor"]
    taken: dict[str, list[float]] = {"1": [], str(place): []}
    for _ in range(TURNS):
        for after, cursor in zip(taken, (near, far), strict=True):
            begun = time.perf_counter()
            answer = admin.get(f"{LIST}&cursor={cursor}")
            taken[after].append(time.perf_counter() - begun)
            assert len(answer.data) == 20, answer  # noqa: PLR2004, S101 (the page that was asked for)
    return {after: round(median(times) * 1000, 3) for after, times in taken.items()}


@contextmanager
def _table(number: int, folder: Path) -> Iterator[Any]:
    """Fill a table, and connect all code to it through the given client."""
    definition = {"TableName": settings().table, **table_definition()}
    with step(f"generating {number:,} users"):
        export(definition, number, folder)
    load(folder)
    with serving(folder) as client, ExitStack() as patched:
        patched.enter_context(patch.object(connect(), "_client", client))
        patched.enter_context(patch.object(idempotency._store, "client", client))  # noqa: SLF001 (made at import)
        yield client


def load(folder: Path) -> None:
    """Import the export into a file with dynoxide, and report progress."""
    command = [str(PROGRAM), "import", "--source", "export", "--schema", "schema.json", "--output", "table.db"]
    begun = time.monotonic()
    with (folder / "import.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    while True:
        try:
            process.wait(NEWS_SECONDS)
        except subprocess.TimeoutExpired:
            # Into files with names of its own choice, until it is done.
            written = sum(path.stat().st_size for path in folder.glob(".tmp*")) / 1e6
            say(f"loading: {written:,.0f} MB after {time.monotonic() - begun:.0f} s")
            if time.monotonic() - begun > LOAD_SECONDS:
                process.kill()
        else:
            break
    if process.returncode:
        raise RuntimeError((folder / "import.log").read_text(encoding="utf-8"))
    say(f"loaded in {time.monotonic() - begun:.0f} s")


@contextmanager
def serving(folder: Path) -> Iterator[Any]:
    """Serve the table that was loaded into a folder; yield a client."""
    port = free_port()
    with program(port, "--db-path", str(folder / "table.db")):
        url = f"http://{HOST}:{port}"
        yield DynamoDb(url, "us-east-1", exchange=pooled_exchange(url, connections=40))
