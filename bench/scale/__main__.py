"""`python -m bench.scale`: the model, checked against a small load, into `docs/performance/scale.md`."""

import argparse
import json
import sys
from datetime import UTC, datetime

from bench.cost.page import FILE as COSTS
from bench.progress import end_in_order, say
from bench.scale import load, page

CLIENTS = [1, 16, 64]
SECONDS = 15.0


def main() -> int:
    """Measure the small load unless only the page is requested, and write the page."""
    parser = argparse.ArgumentParser(prog="bench.scale", description=__doc__)
    parser.add_argument("--page", action="store_true", help="only write the page, from the last measurement")
    arguments = parser.parse_args()
    end_in_order()
    if not COSTS.is_file():
        print("bench: run `python -m bench.cost` first", file=sys.stderr)
        return 1
    if not arguments.page:
        say("about 4 minutes on an idle machine, with 10 GB of memory")
        instant = datetime.now(UTC).isoformat(timespec="minutes")
        loads = load.measure(CLIENTS, SECONDS)
        page.FILE.parent.mkdir(exist_ok=True)
        page.FILE.write_text(json.dumps({"measured": instant, "loads": loads}, indent=1) + "\n", encoding="utf-8")
    page.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
