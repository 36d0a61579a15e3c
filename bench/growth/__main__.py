"""`python -m bench.growth`: measures each access pattern at several table sizes, for `docs/performance/growth.md`."""

import argparse
import importlib
import json
import os
import sys
from datetime import UTC, datetime

from bench import ROOT, engine
from bench.growth import page
from bench.progress import end_in_order, say
from bench.results import FOLDER

SIZES = (1_000, 100_000, 1_000_000)
UNLIMITED = dict.fromkeys(("LAMINA_ANONYMOUS_LIMIT", "LAMINA_CALLER_LIMIT"), "100000000")
"""Rate limits are raised for the measurement."""


def main() -> int:
    """Measure each size, and write the results."""
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    parser.add_argument(
        "--sizes", nargs="+", type=int, default=SIZES, help="numbers of users; other sizes are not written to the page"
    )
    parser.add_argument("--page", action="store_true", help="only write the page, from the last measurement")
    arguments = parser.parse_args()
    end_in_order()
    if arguments.page:
        page.write(page.load())
        return 0
    if reason := engine.missing():
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    say("about 15 minutes on an idle machine, with 8 GB of temporary disk space")
    data = {"measured": datetime.now(UTC).isoformat(timespec="minutes"), "sizes": _measure(arguments.sizes)}
    FOLDER.mkdir(exist_ok=True)
    print(page.render(data))
    if tuple(arguments.sizes) == SIZES:
        page.FILE.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        page.write(data)
    return 0


def _measure(sizes: list[int]) -> dict[str, object]:
    # The tests' environment has to be there before anything of Lamina is imported.
    sys.path.insert(0, str(ROOT / "layers" / "core"))
    from tests.conftest import ENVIRONMENT

    os.environ.update(ENVIRONMENT | UNLIMITED)
    importlib.import_module("tests.support.aws")  # brings moto, which hooks into clients made after it
    from bench.growth.measurement import measure_sizes

    return measure_sizes(sizes)


if __name__ == "__main__":
    sys.exit(main())
