"""Records the running stacks of a checkout, so that commands find them: a file per port, locked while it is served."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from local.settings import Settings


@contextmanager
def announced(settings: Settings) -> Iterator[None]:
    """Announce this stack to other commands while the block runs."""
    file = _folder(settings.root) / str(settings.port)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="ascii") as held:
        with suppress(OSError):  # another serves this port, which binding it will tell
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def ports(root: Path) -> list[int]:
    """Return the ports of the stacks that run from a checkout; the kernel frees the lock of one that was killed."""
    return sorted(int(file.name) for file in _folder(root).glob("*") if _is_held(file))


def _folder(root: Path) -> Path:
    return root / ".aws-sam" / "running"


def _is_held(file: Path) -> bool:
    with suppress(FileNotFoundError), file.open(encoding="ascii") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
