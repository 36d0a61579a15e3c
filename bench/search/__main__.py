"""`python -m bench.search`: the quality of the search of posts, into `docs/performance/search.md`."""

import argparse
import os
import sys
from datetime import UTC, datetime

from bench import ROOT
from bench.progress import end_in_order, step
from bench.results import FOLDER

POSTS = 100_000


def main() -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="bench.search", description=__doc__)
    parser.add_argument("--posts", type=int, default=POSTS, help="nothing is written for another number")
    parser.add_argument("--queries", type=int, default=200, help="queries of one, two and three words each")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    end_in_order()
    # The settings have to be there before anything of Lamina is imported.
    sys.path.insert(0, str(ROOT / "layers" / "core"))
    from tests.conftest import ENVIRONMENT

    os.environ.update(ENVIRONMENT)
    from bench.search import page, quality

    with step(f"{arguments.posts:,} posts"):
        memory, found = quality.measure(arguments.posts, arguments.queries, arguments.seed)
    rendered = page.render(datetime.now(UTC).isoformat(timespec="minutes"), memory, found, arguments.queries)
    print(rendered)
    if arguments.posts == POSTS:
        (FOLDER / "search.md").write_text(rendered, encoding="utf-8")
    return 0 if all(each.overlap >= quality.REQUIRED[each.words] for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
