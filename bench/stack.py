"""A local stack of its own for a measurement."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import ROOT
from bench.ports import free_port
from bench.progress import step

START_SECONDS = 180.0
STOP_SECONDS = 60.0


@contextmanager
def local_stack() -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Run a local stack in memory; yield its port and its supervisor."""
    port = free_port()
    environment = os.environ | {"PORT": str(port), "LAMINA_STATE": "memory"}
    process = subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        with step("starting the local stack"):
            _wait(process)
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def _wait(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None  # noqa: S101 (asked for above)
    giving_up = threading.Timer(START_SECONDS, process.terminate)
    giving_up.start()
    for line in process.stdout:
        if line.startswith("ready"):
            giving_up.cancel()
            threading.Thread(target=process.stdout.read, daemon=True).start()  # so that it can go on printing
            return
    raise RuntimeError("the local stack did not start")


def children(process: int) -> list[int]:
    """Return the ids of the processes that a process has started."""
    found = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for listed in found for child in listed.read_text(encoding="ascii").split()]
