"""Installs locked packages as Lambda would find them."""

import shutil
import subprocess
import sys
from pathlib import Path

from bench.build.packages import fresh

INSTALL_SECONDS = 300


def install(lock: Path, target: Path, *options: str) -> Path:
    """Install a lock file into an empty folder: wheels only, checked against their hashes, without bytecode."""
    fresh(target)
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(target)]
    command += ["--only-binary", ":all:", "--require-hashes", "--requirement", str(lock), *options]
    subprocess.run(command, check=True, timeout=INSTALL_SECONDS)
    shutil.rmtree(target / "bin", ignore_errors=True)
    (target / ".lock").unlink(missing_ok=True)
    return target
