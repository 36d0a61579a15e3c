"""`python -m local`: the local stack in the foreground, until SIGINT or SIGTERM."""

import asyncio
import signal
import sys


def main() -> int:
    """Return the exit code: 0 if it was stopped, 130 if it was stopped before it started, 1 if it could not run."""
    # In the background of a shell script, SIGINT is inherited as ignored, and Python leaves it so.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return _serve()
    except KeyboardInterrupt:
        return 130


def _serve() -> int:
    # These imports take a second, in which SIGINT must be handled already.
    from local.settings import ConfigurationError, read_settings
    from local.supervisor import run
    from local.terminal import Stopped, complain

    try:
        return asyncio.run(run(read_settings()))
    except (ConfigurationError, Stopped) as error:
        complain(f"stopped: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
