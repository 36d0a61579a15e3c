"""`python -m bench.cost`: measures every endpoint and writes `docs/cost.md`."""

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bench import ROOT, engine
from bench.build.contenders import OURS
from bench.cost import page
from bench.progress import end_in_order, say
from bench.results import FILE, load

UNLIMITED = dict.fromkeys(("LAMINA_ANONYMOUS_LIMIT", "LAMINA_CALLER_LIMIT"), "100000000")
READ = "users/get"


def main() -> int:
    """Measure unless only the page is requested, and write the page."""
    parser = argparse.ArgumentParser(prog="bench.cost", description=__doc__)
    parser.add_argument("--page", action="store_true", help="only write the page, for example for new prices")
    parser.add_argument(
        "--only", nargs="+", metavar="PLACE", help="only print what these take: graphql/query users/get"
    )
    arguments = parser.parse_args()
    end_in_order()
    if reason := engine.missing():
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    if arguments.only:
        print(json.dumps(_measured(arguments.only), indent=1))
        return 0
    if not arguments.page:
        say("calling every endpoint: about 2 minutes")
        page.FILE.write_text(json.dumps(_measure(), indent=1) + "\n", encoding="utf-8")
    for path, text in page.files().items():
        path.write_text(text, encoding="utf-8")
    return 0


def _measure() -> dict[str, object]:
    """Return the measurements of all endpoints, of what the calls of the usage cause, and of schedules."""
    found = _measured()
    from bench.cost.measurement import measure_consequences, measure_idle

    overhead = max(0.0, _measured_read() - found[READ]["cpu_ms"])
    instant = datetime.now(UTC).isoformat(timespec="minutes")
    return {
        "measured": instant,
        "overhead_ms": round(overhead, 3),
        "endpoints": found,
        "causes": measure_consequences(),
        "schedules": measure_idle(),
    }


def _measured(only: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Return the measurements of endpoints, all or those at these places."""
    # The tests' environment has to be there before anything of Lamina is imported, and moto before any client is made.
    sys.path.insert(0, str(ROOT / "layers" / "core"))
    from tests.conftest import ENVIRONMENT

    os.environ.update(ENVIRONMENT | UNLIMITED)
    importlib.import_module("moto")
    importlib.import_module("bench.cost.calls")
    from bench.cost.measurement import measure

    return measure(only)


def _measured_read() -> float:
    """Return the CPU milliseconds of reading a user under the runtime client; 0 before `make bench` was run."""
    if not FILE.is_file():
        return 0.0
    ours = next(contender for contender in load()["contenders"] if contender["name"] == OURS)
    return float(ours["requests"]["GET"]["cpu"]["value"] * 1000)


if __name__ == "__main__":
    sys.exit(main())
