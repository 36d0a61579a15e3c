"""Detects that `make`, the parent process, received SIGINT.

A terminal sends SIGINT to all of its processes. A program that signals only `make` reaches only `make`, which passes on
SIGTERM but not SIGINT: it removes its handler and waits for its command to exit. Linux shows which signals
a process catches and ignores (proc_pid_status(5)); elsewhere nothing shows, and a terminal's Ctrl-C still works.
"""

import asyncio
import os
import signal
from pathlib import Path

LOOK_SECONDS = 0.3
MAKES = ("make", "gmake")


async def told_to_stop() -> None:
    """Return once the parent `make` has received SIGINT, even before this call.

    Never return if the parent is not `make`, is not visible, or ignores SIGINT, as in the background of a script.
    """
    status = Path("/proc", str(os.getppid()), "status")
    if not _is_make(status) or _interrupt_is_in("SigIgn", status):
        await asyncio.Event().wait()
    while _interrupt_is_in("SigCgt", status):  # noqa: ASYNC110 (another process's state has no event to wait for)
        await asyncio.sleep(LOOK_SECONDS)


def _is_make(status: Path) -> bool:
    return status.is_file() and status.with_name("comm").read_text().strip() in MAKES


def _interrupt_is_in(signals: str, status: Path) -> bool:
    try:
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    except FileNotFoundError:
        return False
    return bool(int(fields[signals], 16) & 1 << signal.SIGINT - 1)
