"""`make reindex`: updates the search index to all posts, with the operator's credentials.

Needed after a change of how text is split into words or weighted, and whenever events were lost. It writes only what
differs, and posts may be changed meanwhile. `LOCAL=1` selects the running local stack.
"""

import sys
import time

from operations.command import explained, parse, parser, repeated
from operations.connection import connect

CONSUMER = "Async/IndexPostsFunction"
PROGRESS_SECONDS = 1.0


def main() -> None:
    """Read the command line, and update the index."""
    given = parse(parser("reindex", __doc__))
    with explained(given.stack, given.region):
        connect(given.stack, CONSUMER)
        print(reindex())


def reindex() -> str:
    """Update the index, and print the progress; return a summary."""
    return repeated(_reindex)


def _reindex() -> str:
    from lamina.posts.indexing import Progress, rebuild

    progress, shown = Progress(), time.monotonic()
    for progress in rebuild():
        if time.monotonic() - shown > PROGRESS_SECONDS:
            shown = time.monotonic()
            print(f"{progress.indexed:,} posts indexed, {progress.removed:,} removed", file=sys.stderr, flush=True)
    return f"the index has {progress.indexed:,} posts; {progress.removed:,} were removed from it"


if __name__ == "__main__":
    main()
