"""`make run` stops when `make` alone is told to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.settings import ROOT

CHILD = "import asyncio; from local.caller import told_to_stop; print('waits', flush=True); asyncio.run(told_to_stop())"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux shows which signals a process handles")
def test_an_interrupt_that_reaches_make_alone_is_noticed(tmp_path: Path) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text(f'run:\n\t@exec {sys.executable} -c "{CHILD}"\n', encoding="utf-8")
    command = ["make", "--no-print-directory", "-f", str(makefile), "run"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    with subprocess.Popen(command, cwd=ROOT, env=alone, stdout=subprocess.PIPE, text=True) as make:
        assert make.stdout is not None
        assert make.stdout.readline() == "waits\n"
        make.send_signal(signal.SIGINT)
        assert make.wait(timeout=10) == -signal.SIGINT
