"""``python3 -m setup [--engines]``: make everything ready, or say in one line what is missing and exit 1."""

import sys

from setup import engines, environment
from setup.progress import SetupError


def main() -> int:
    """Prepare ``.venv`` and, with ``--engines``, the DynamoDB engines too; the exit code says whether it is ready."""
    try:
        environment.prepare()
        if "--engines" in sys.argv[1:]:
            engines.prepare()
    except SetupError as problem:
        print(f"set-up: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; run the command again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
