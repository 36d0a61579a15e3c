"""`python -m local`: the laptop stack in the foreground, until it is told to stop."""

import asyncio
import sys

from local.settings import ConfigurationError, read_settings
from local.supervisor import run
from local.terminal import Stopped, complain


def main() -> int:
    """Return the exit code: 0 when it was stopped, 1 when it could not run."""
    try:
        return asyncio.run(run(read_settings()))
    except (ConfigurationError, Stopped) as error:
        complain(f"stopped: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
