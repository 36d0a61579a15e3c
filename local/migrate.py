"""`make migrate LOCAL=1`: runs the pending data migrations on the table of a running local stack."""

import argparse
import os
import sys

from local.seed.connection import connect
from local.terminal import Stopped, complain
from operations.migrate import add_options, migrate


def main() -> int:
    """Return the exit code: 0 if everything was migrated, 1 if not, or if no stack runs."""
    options = argparse.ArgumentParser(prog="make migrate LOCAL=1", description=__doc__)
    add_options(options)
    given = options.parse_args()
    try:
        connect(os.environ.get("PORT") or None)
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1
    return migrate(given)


if __name__ == "__main__":
    sys.exit(main())
