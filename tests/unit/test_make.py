"""Tests that run make are the same under `make test ARGS=…` as by themselves."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.make import outside_make
from tests.support.templates import ROOT

PRINT = "from tests.support.make import outside_make; import json; print(json.dumps(outside_make()))"


def test_nothing_of_the_command_line_of_make_reaches_another_make(tmp_path: Path) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"test:\n\t@{sys.executable} -c '{PRINT}'\n", encoding="utf-8")
    arguments = ["ARGS=-k 'sign_in or PORT=1' -x", "PORT=3001", "STACK=$(PORT)"]
    before = {**outside_make(), "PYTHONPATH": str(ROOT), "KEPT": "-- ARGS=1"}
    done = subprocess.run(
        ["make", "--silent", "-f", str(makefile), *arguments], env=before, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == before
