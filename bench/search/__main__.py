"""`python -m bench.search`: quality and cost of the search of posts, into `docs/performance/search.md`."""

import argparse
import importlib
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime

from bench import ROOT, engine
from bench.progress import end_in_order, say, step

POSTS = 100_000


def main() -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="bench.search", description=__doc__)
    parser.add_argument("--posts", type=int, default=POSTS, help="nothing is written for another number")
    parser.add_argument("--queries", type=int, default=200, help="queries of one, two and three words each")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    end_in_order()
    if reason := engine.missing():
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    # The settings have to be there before anything of Lamina is imported.
    sys.path.insert(0, str(ROOT / "layers" / "core"))
    from tests.conftest import ENVIRONMENT

    os.environ.update(ENVIRONMENT)
    importlib.import_module("tests.support.aws")  # brings moto, which hooks into clients made after it
    from bench.search import growth, page, quality

    with step(f"quality in {arguments.posts:,} posts"):
        memory, found = quality.measure(arguments.posts, arguments.queries, arguments.seed)
    posts = memory.statistics.posts
    corpus = {"posts": posts, "length": round(memory.statistics.average_length), "size": round(memory.size / posts)}
    del memory
    sizes = growth.SIZES if arguments.posts == POSTS else (1_000,)
    costs = growth.measure(sizes, arguments.seed)
    data = {
        "measured": datetime.now(UTC).isoformat(timespec="minutes"),
        "queries": arguments.queries,
        "corpus": corpus,
        "quality": [{**asdict(each), "required": quality.REQUIRED[each.words]} for each in found],
        "growth": {
            str(size): {name: asdict(cost) for name, cost in by_query.items()} for size, by_query in costs.items()
        },
    }
    print(page.render(data))
    if arguments.posts == POSTS:
        page.write(data)
        say(f"written to {page.FILE.parent}")
    return 0 if all(each.overlap >= quality.REQUIRED[each.words] for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
