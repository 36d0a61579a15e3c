"""Notices that `make`, which started us, was told to stop.

A terminal sends Ctrl-C to everything in it. A program that signals `make` alone reaches only `make`, which passes on
SIGTERM but not SIGINT: it takes its handler off and waits for its command to end by itself. Linux shows which signals
a process handles (proc_pid_status(5), `SigCgt`); elsewhere nothing shows, and a terminal's Ctrl-C still works.
"""

import asyncio
import os
import signal
from pathlib import Path

LOOK_SECONDS = 0.3
MAKES = ("make", "gmake")


async def told_to_stop() -> None:
    """Return once the `make` that started us was sent SIGINT; never, if no `make` did or it cannot be seen."""
    status = Path("/proc", str(os.getppid()), "status")
    if not _is_make(status) or not _handles_interrupt(status):
        await asyncio.Event().wait()
    while _handles_interrupt(status):  # noqa: ASYNC110 (another process's state has no event to wait for)
        await asyncio.sleep(LOOK_SECONDS)


def _is_make(status: Path) -> bool:
    return status.is_file() and status.with_name("comm").read_text().strip() in MAKES


def _handles_interrupt(status: Path) -> bool:
    try:
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    except FileNotFoundError:
        return False
    return bool(int(fields["SigCgt"], 16) & 1 << signal.SIGINT - 1)
