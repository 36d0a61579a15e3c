"""`make rebuild-orders`: rebuilds the lists of orders and the sales of products, with the operator's credentials.

Needed whenever events were lost, or after a change of what lists show. It reads the history of every order and writes
only what differs, and orders may be changed meanwhile. `LOCAL=1` selects the running local stack.
"""

import sys
import time

from operations.command import explained, parse, parser, repeated
from operations.connection import connect

CONSUMER = "Orders/ProjectOrdersFunction"
PROGRESS_SECONDS = 1.0


def main() -> int:
    """Read the command line, and rebuild; return the exit code: 1 if it is to be repeated."""
    given = parse(parser("rebuild_orders", __doc__))
    with explained(given.stack, given.region):
        connect(given.stack, CONSUMER)
        is_done, summary = rebuild_orders()
    print(summary)
    return 0 if is_done else 1


def rebuild_orders() -> tuple[bool, str]:
    """Rebuild, and print the progress; return whether everything could be compared, and a summary."""
    return repeated(_rebuild_orders)


def _rebuild_orders() -> tuple[bool, str]:
    from lamina.orders.rebuilding import Progress, rebuild

    progress, shown = Progress(), time.monotonic()
    for progress in rebuild():
        if time.monotonic() - shown > PROGRESS_SECONDS:
            shown = time.monotonic()
            print(f"{progress.orders:,} orders read", file=sys.stderr, flush=True)
    summary = f"{progress.orders:,} orders are listed; the sales of {progress.corrected:,} products were corrected"
    if progress.unsure:
        summary += f"; those of {len(progress.unsure):,} changed all the time: run it again with fewer orders"
    return not progress.unsure, summary


if __name__ == "__main__":
    sys.exit(main())
