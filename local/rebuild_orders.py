"""`make rebuild-orders LOCAL=1`: rebuilds the lists of orders and the sales of products of a running local stack."""

import os
import sys

from local.seed.connection import connect
from local.terminal import Stopped, complain
from operations.rebuild_orders import rebuild_orders


def main() -> int:
    """Return the exit code: 0 if everything was rebuilt, 1 if not, or if no stack runs."""
    try:
        connect(os.environ.get("PORT") or None)
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1
    is_done, summary = rebuild_orders()
    print(summary)
    return 0 if is_done else 1


if __name__ == "__main__":
    sys.exit(main())
