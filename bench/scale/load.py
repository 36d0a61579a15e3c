"""A small load through the local front, and its use of the machine."""

import http.client
import json
import os
import subprocess
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import HOST
from bench.progress import say, step
from bench.sample import quantile
from bench.scale.laws import Station
from bench.stack import children, local_stack

ANSWER_SECONDS = 120.0
SETTLING_SECONDS = 1.5
"""For each client, before anything counts: each request at once with others has the local AWS start processes."""
TICKS = os.sysconf("SC_CLK_TCK")
ACCOUNT = {"email": "load@example.com", "username": "load", "name": "Load", "password": "Analytical-1843"}


@dataclass(frozen=True)
class Load:
    """The result of a number of clients.

    Attributes:
        clients: number of concurrent clients.
        requests: a second.
        p50: seconds of a request.
        p95: likewise.
        failed: requests without a 200.
        stations: seconds of each that a request took.
    """

    clients: int
    requests: float
    p50: float
    p95: float
    failed: int
    stations: list[Station]


def measure(counts: list[int], seconds: float) -> list[dict[str, Any]]:
    """Start an empty local stack, and let each number of clients read a user."""
    with local_stack() as (port, process):
        path, headers = _sign_up(port)
        found = []
        for clients in counts:
            with step(f"warming up with {clients} clients"):
                _load(clients, 5 + clients * SETTLING_SECONDS, port, path, headers, process)
            load = _load(clients, seconds, port, path, headers, process)
            say(f"{clients} clients: {load.requests:.0f} requests/s, p50 {load.p50 * 1000:.0f} ms")
            found.append(asdict(load))
    return found


def _load(
    clients: int, seconds: float, port: int, path: str, headers: dict[str, str], process: subprocess.Popen[str]
) -> Load:
    times: list[float] = []
    failures: list[int] = []
    before = _spent(process.pid)
    begun = time.monotonic()
    asking = [
        threading.Thread(target=_ask, args=(port, path, headers, begun + seconds, times, failures))
        for _ in range(clients)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    lasted = time.monotonic() - begun
    taken = {name: (spent - before[name]) / len(times) for name, spent in _spent(process.pid).items()}
    stations = [
        Station(name, value, (os.cpu_count() or 1) if name == "machine" else 1) for name, value in taken.items()
    ]
    p50, p95 = quantile(times, 0.5), quantile(times, 0.95)
    return Load(clients, len(times) / lasted, p50, p95, len(failures), stations)


def _ask(
    port: int,
    path: str,
    headers: dict[str, str],
    end: float,
    times: list[float],
    failures: list[int],
) -> None:
    """Send requests until the end."""
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    while time.monotonic() < end:
        begun = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - begun)
        if answer.status != http.HTTPStatus.OK:
            failures.append(answer.status)
    connection.close()


def _spent(supervisor: int) -> dict[str, float]:
    """Return the CPU seconds used so far by the whole machine, and by processes limited to one processor at a time."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    busy = sum(map(int, fields[:3])) + sum(map(int, fields[5:8]))
    found = {"machine": busy / TICKS, "clients": time.process_time(), "front": _cpu(supervisor)}
    for child in children(supervisor):
        if "local.aws" in Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8").split("\0"):
            found["local AWS"] = _cpu(child)
    return found


def _cpu(process: int) -> float:
    # The clock of another process, as `clock_getcpuclockid(3)` composes its number.
    return time.clock_gettime(~process << 3 | 2)


def _sign_up(port: int) -> tuple[str, dict[str, str]]:
    """Create an account and sign in; return the path of the user, and the headers to read it with."""
    user = _post(port, "/v1/auth/register", ACCOUNT)
    token = _post(port, "/v1/auth/login", {name: ACCOUNT[name] for name in ("email", "password")})["access_token"]
    return f"/v1/users/{user['id']}", {"Authorization": f"Bearer {token}"}


def _post(port: int, path: str, body: dict[str, str]) -> dict[str, Any]:
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    data: dict[str, Any] = json.loads(connection.getresponse().read())["data"]
    return data
