"""`make reset`: deletes the data of a local stack that does not run; the next `make run` starts with an empty one.

`LAMINA_STATE` selects the data, as in `make run`. What was built stays, so that the next start takes seconds.
"""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.settings import ConfigurationError, State, read_settings
from local.terminal import Stopped, complain, say

OURS = (
    *("aws", "s3", "tmp", "layers", "aws.log", "aws.log.1", "aws.port", "aws-credentials"),
    *("deployed.json", "reloaded.json"),
    "*.sqlite*",
)
"""What `make run` leaves in the folder, as patterns; what else is there is somebody else's."""


def main() -> int:
    """Return the exit code: 0 if there is no data now, 1 if a stack uses it."""
    if os.environ.get("LAMINA_STATE") == "memory":
        complain("stopped: LAMINA_STATE=memory keeps no data")
        return 1
    try:
        state = read_settings().state
        with _alone(state):
            deleted = [path for path in _data(state.folder) if _delete(path)]
    except (Stopped, ConfigurationError) as error:
        complain(f"stopped: {error}")
        return 1
    say(f"{state.folder}: {'all data deleted; start with `make run`' if deleted else 'no data was there'}")
    return 0


@contextmanager
def _alone(state: State) -> Iterator[None]:
    """Hold the lock that a running stack holds."""
    with (state.folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Stopped(f"a stack is running on {state.folder}: stop it first (Ctrl-C in its terminal)") from error
        yield


def _data(folder: Path) -> list[Path]:
    return sorted(path for pattern in OURS for path in folder.glob(pattern))


def _delete(path: Path) -> bool:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
    return True


if __name__ == "__main__":
    sys.exit(main())
