"""`python -m bench.otlp`: what traces by OTLP cost a cold start and a request, into `docs/performance/otlp.md`."""

import argparse
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

from bench import HOST, ROOT, agreement, engine
from bench.build import ours
from bench.build.packages import Package
from bench.environment import environment
from bench.page import table
from bench.progress import end_in_order, say, step
from bench.requests import PLACES, Work, event
from bench.results import FOLDER
from bench.rounds import machine
from bench.sample import estimate, ratio

PAGE = Path(__file__).parent / "pages" / "otlp.md"
ROUNDS = 24
WARM_UP = 10
CALLS = 40
IMPORTS = 9
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OFF, ON, SAMPLED = "without", "with a collector, not sampled", "with a collector, sampled"
BASE = "import lamina.http, lamina.storage.item"
SDK = "import opentelemetry.sdk.trace"
EXPORTER = "from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter; OTLPSpanExporter()"
MODULES = {
    "as in functions": "import lamina.observability.otlp",
    "the OpenTelemetry SDK": SDK,
    "the SDK with its OTLP exporter": f"{SDK}\n{EXPORTER}",
}
"""What is imported on top of what every endpoint imports."""


@dataclass
class Variant:
    """A way to run the same function.

    Attributes:
        name: in the table.
        package: the function with its layers, the same for all.
        request: the event.
        variables: of its environment.
        cold: seconds from the start of the process to the first response.
        warm: seconds of later calls, by their median in each environment.
    """

    name: str
    package: Package
    request: bytes
    variables: Mapping[str, str]
    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)


def main() -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="bench.otlp", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="four cold starts of each; nothing is written")
    fast = parser.parse_args().fast
    end_in_order()
    if reason := engine.missing():
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    before = machine()
    package = ours.package(PLACES[Work.GET])
    with engine.running() as running, _collector() as (url, received):
        agreement.store_users(running)
        variants = _variants(package, url)
        for number in range(4 if fast else ROUNDS):
            for variant in (*variants[number % 3 :], *variants[: number % 3]):
                _measure(variant, running)
        say(f"{len(received)} requests reached the collector")
    page = _render(variants, before)
    print(page)
    if not fast:
        (FOLDER / "otlp.md").write_text(page, encoding="utf-8")
    return 0 if len(received) == len(variants[-1].cold) * (1 + WARM_UP + CALLS) else 1


def _variants(package: Package, url: str) -> list[Variant]:
    plain = event(Work.GET)
    request = json.loads(plain)
    request["headers"]["traceparent"] = TRACEPARENT
    variables = {"LAMINA_OTLP_URL": url}
    return [
        Variant(OFF, package, plain, {}),
        Variant(ON, package, plain, variables),
        Variant(SAMPLED, package, json.dumps(request).encode(), variables),
    ]


def _measure(variant: Variant, running: engine.Engine) -> None:
    with environment(variant.package, running, **variant.variables) as started:
        variant.cold.append(started.invoke(variant.request)[0])
        taken = [started.invoke(variant.request) for _ in range(WARM_UP + CALLS)]
        variant.warm.append(median(seconds for seconds, _ in taken[WARM_UP:]))
        if json.loads(taken[-1][1]).get("statusCode") != 200:  # noqa: PLR2004 (HTTP)
            raise RuntimeError(f"{variant.name} failed: {taken[-1][1].decode()}")


@contextmanager
def _collector() -> Iterator[tuple[str, list[int]]]:
    """Receive whatever is sent; yield the address, and the sizes of the requests so far."""
    received: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            received.append(len(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


def _imports() -> dict[str, list[float]]:
    """Measure the processor seconds of processes that import a module on top of what endpoints import."""
    taken: dict[str, list[float]] = {OFF: [], **{name: [] for name in MODULES}}
    for _ in range(IMPORTS):
        for name, seconds in taken.items():
            seconds.append(_process(f"{BASE}\n{MODULES.get(name, '')}"))
    return taken


def _process(program: str) -> float:
    search = os.pathsep.join([str(ROOT / "layers" / "core"), str(ROOT)])
    ending = "import time; print(time.process_time())"
    run = subprocess.run(
        [sys.executable, "-c", f"{program}\n{ending}"],
        env={"PATH": os.defpath, "AWS_REGION": "us-east-1", "PYTHONPATH": search, **ours.ENVIRONMENT},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(run.stdout.splitlines()[-1])


def _render(variants: list[Variant], before: Mapping[str, str]) -> str:
    with step("imports"):
        imports = _imports()
    return PAGE.read_text(encoding="utf-8").format(
        measured=datetime.now(UTC).isoformat(timespec="minutes"),
        cores=before["cores"],
        processor=before["processor"],
        load=before["load before"],
        rounds=len(variants[0].cold),
        starts=table(
            ["GET /v1/users/{id}", "cold, ms", "× without", "95 %", "warm, ms", "× without"],
            [_row(variant, variants[0]) for variant in variants],
        ),
        imports=table(
            ["imported by a process", "processor time, ms", "× without", "95 %"],
            [[name, *_compared(seconds, imports[OFF])] for name, seconds in imports.items()],
        ),
    )


def _row(variant: Variant, without: Variant) -> list[str]:
    warm, ratio_of_warm, _ = _compared(variant.warm, without.warm)
    return [variant.name, *_compared(variant.cold, without.cold), warm, ratio_of_warm]


def _compared(seconds: list[float], without: list[float]) -> tuple[str, str, str]:
    """Return the median in milliseconds, and its ratio with the interval."""
    found: Any = ratio(seconds, without)
    return f"{1000 * estimate(seconds).value:.1f}", f"{found.value:.2f}", f"{found.low:.2f}–{found.high:.2f}"


if __name__ == "__main__":
    sys.exit(main())
