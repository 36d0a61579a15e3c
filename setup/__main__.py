"""``python3 -m setup [--engines]``: install what is missing, or print in one line why that failed and exit 1."""

import signal
import sys

from setup import cache_server, engines, environment
from setup.progress import SetupError


def main() -> int:
    """Prepare ``.venv`` and, with ``--engines``, the DynamoDB engines too; return the exit code."""
    # In the background of a shell script, SIGINT is inherited as ignored, and Python leaves it so.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        environment.prepare()
        if "--engines" in sys.argv[1:]:
            engines.prepare()
            cache_server.prepare()
    except SetupError as problem:
        print(f"set-up: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; run the command again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
