"""`make soak`: use a local stack for half an hour, and write what becomes of it to `docs/performance/soak.md`.

Ten people use it as in `make load`, slowly enough for the rate limits. Every half minute, the memory of each process
and the number of temporary files are read; Locust notes the latencies.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench import ROOT
from bench.load.__main__ import DEFAULTS, HERE
from bench.progress import end_in_order, say, step
from bench.soak import page
from bench.soak.samples import Sample, read_latencies, take
from bench.stack import local_stack
from local.account import Account
from local.stack import client
from setup.tools import installed

PEOPLE = 10
WAIT = "1.5-2.5"
"""Seconds between what a person does: at most 1,000 requests in fifteen minutes (`CallerLimit`)."""
SAMPLE_SECONDS = 30


def main() -> int:
    """Measure, and return the exit code: 1 if something grew or became slower."""
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=30, help="how long (default: 30); the page is written from 30 on"
    )
    minutes = parser.parse_args().minutes
    end_in_order()
    with local_stack() as (port, process), tempfile.TemporaryDirectory(prefix="lamina-soak-") as folder:
        with step("seeding"):
            seed = [sys.executable, "-m", "local.seed"]
            subprocess.run(seed, cwd=ROOT, env={**os.environ, "PORT": str(port)}, check=True, capture_output=True)
        samples = _use(port, process.pid, minutes * 60, Path(folder))
        latencies = read_latencies(Path(folder, "soak_stats_history.csv"))
    found = page.Soak(minutes, PEOPLE, samples, latencies)
    print(page.render(found))
    if minutes >= page.MINUTES:
        page.FILE.write_text(page.render(found), encoding="utf-8")
        say(f"written to {page.FILE}")
    return 1 if page.problems(found) else 0


def _use(port: int, supervisor: int, seconds: float, folder: Path) -> list[Sample]:
    """Return the samples that were taken while people used the stack."""
    url = f"http://127.0.0.1:{port}"
    command = [str(installed("load") / "locust"), "--headless", "--only-summary", "--host", url]
    command += ["--locustfile", str(HERE / "scenario.py"), "--users", str(PEOPLE), "--spawn-rate", "1"]
    command += ["--run-time", f"{seconds:.0f}s", "--csv", str(folder / "soak"), "--csv-full-history"]
    thresholds = {"LOAD_P95": "60000", "LOAD_P99": "60000", "LOAD_FAILURES": "0.001"}
    environment = {**os.environ, **DEFAULTS, **thresholds, "LOAD_WAIT": WAIT}
    begun, samples = time.monotonic(), list[Sample]()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as people:
        try:
            while people.poll() is None:
                state, items = _described(url)
                samples.append(take(supervisor, time.monotonic() - begun, state, items))
                say(str(samples[-1]))
                try:
                    people.wait(SAMPLE_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            people.terminate()
        printed = people.communicate()[0]
    if people.returncode:
        raise RuntimeError(f"the people did not succeed:\n{printed[-3000:]}")
    return samples


def _described(url: str) -> tuple[Path, int]:
    """Return the folder of the stack, and the number of items in its table."""
    with urllib.request.urlopen(f"{url}/_local/stack", timeout=60) as answer:  # noqa: S310 (http, and ours)
        described = json.load(answer)
    table = client("dynamodb", Account.of(described)).describe_table(TableName=described["resources"]["Data/Table"])
    return Path(described["credentials"]).parent, table["Table"]["ItemCount"]


if __name__ == "__main__":
    sys.exit(main())
