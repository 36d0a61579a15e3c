"""`make run` stops when `make` alone is told to."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from local.settings import ROOT
from tests.support.make import outside_make

SECONDS = 30.0
LOOKS_FIRST = """
import asyncio
from local.caller import told_to_stop
async def wait():
    waiting = asyncio.create_task(told_to_stop())
    await asyncio.sleep(0)
    print("waits", flush=True)
    await waiting
asyncio.run(wait())
"""
IS_TOLD_FIRST = """
import asyncio, os, pathlib
from local.caller import told_to_stop
make = pathlib.Path("/proc", str(os.getppid()), "status")
caught = make.read_text().partition("SigCgt:")[2].split()[0]
print("waits", flush=True)
while make.read_text().partition("SigCgt:")[2].split()[0] == caught:
    pass
asyncio.run(told_to_stop())
"""


# In the background of a script SIGINT is ignored, and so it is by all that is started there (POSIX, "Signals and Error
# Handling" of the shell).
INTERRUPTIBLE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux shows which signals a process handles"
)


@pytest.fixture(params=[LOOKS_FIRST, IS_TOLD_FIRST], ids=["while it waits", "before it looks"])
def make(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A `make` whose command waits to be told; it and the command are gone at the end."""
    makefile, child = tmp_path / "Makefile", tmp_path / "child.py"
    child.write_text(request.param, encoding="utf-8")
    makefile.write_text(f"run:\n\t@PYTHONPATH={ROOT} exec {sys.executable} {child}\n", encoding="utf-8")
    command = [sys.executable, "-c", INTERRUPTIBLE, "make", "--no-print-directory", "-f", str(makefile), "run"]
    started = subprocess.Popen(
        command, cwd=ROOT, env=outside_make(), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.communicate()


def test_an_interrupt_that_reaches_make_alone_is_noticed(make: subprocess.Popen[str]) -> None:
    assert make.stdout is not None
    assert make.stdout.readline() == "waits\n"
    make.send_signal(signal.SIGINT)
    assert make.wait(SECONDS) == -signal.SIGINT
