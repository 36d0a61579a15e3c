"""`make load URL=…`: use a running stack as people do, and compare with thresholds.

`LOAD_ADMIN` and `LOAD_PASSWORD` are an admin's (default: the demo admin of `make seed`), who creates an account for
each simulated person and deletes it afterwards.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from bench.progress import end_in_order
from setup.tools import installed

HERE = Path(__file__).parent
DEFAULTS = {"LOAD_ADMIN": "admin@lamina.test", "LOAD_PASSWORD": "Lamina-demo-1", "LOAD_WAIT": "0.1-0.5"}


def main() -> int:
    """Return the exit code: 1 if a threshold was exceeded."""
    given = _parser().parse_args()
    end_in_order()
    thresholds = {"LOAD_P95": given.p95, "LOAD_P99": given.p99, "LOAD_FAILURES": given.failures}
    environment = {**DEFAULTS, **os.environ, **{name: str(value) for name, value in thresholds.items()}}
    program = str(installed("load") / "locust")
    command = [program, "--headless", "--only-summary", "--locustfile", str(HERE / "scenario.py")]
    command += ["--host", given.url, "--users", str(given.people), "--spawn-rate", "2"]
    command += ["--run-time", f"{given.seconds}s"]
    return subprocess.run(command, env=environment, check=False).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.load", description=__doc__)
    parser.add_argument("url", help="of the API, such as http://127.0.0.1:3000")
    parser.add_argument("--people", type=int, default=4, help="who use it at the same time (default: 4)")
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: 60)")
    parser.add_argument("--p95", type=float, default=100, help="milliseconds for 95 %% of the requests (default: 100)")
    parser.add_argument("--p99", type=float, default=200, help="milliseconds for 99 %% of the requests (default: 200)")
    parser.add_argument("--failures", type=float, default=0.001, help="part that may fail (default: 0.001)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
