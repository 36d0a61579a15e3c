"""`make reindex LOCAL=1`: updates the search index of a running local stack to all posts."""

import os
import sys

from local.seed.connection import connect
from local.terminal import Stopped, complain
from operations.reindex import reindex


def main() -> int:
    """Return the exit code: 0 if the index was updated, 1 if no stack runs."""
    try:
        connect(os.environ.get("PORT") or None)
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1
    print(reindex())
    return 0


if __name__ == "__main__":
    sys.exit(main())
