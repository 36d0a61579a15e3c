"""Finds a Python 3.13, as Lambda runs it, that is complete and starts."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List, Optional

VERSION = "3.13"
NAME = f"python{VERSION}"
VENV = Path(__file__).resolve().parent.parent / ".venv"

# Every place is a glob, because installers put the patch version into the folder's name.
PLACES = (
    "{pyenv}/versions/3.13*/bin",
    "~/.pyenv/versions/3.13*/bin",
    "{uv}/cpython-3.13*/bin",
    "~/.local/share/uv/python/cpython-3.13*/bin",
    "~/.local/share/mise/installs/python/3.13*/bin",
    "~/.asdf/installs/python/3.13*/bin",
    "~/.local/bin",
    "/usr/local/bin",
    "/usr/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/python@3.13/bin",
    "/usr/local/opt/python@3.13/bin",
    "/Library/Frameworks/Python.framework/Versions/3.13/bin",
)

# A Python built without these starts and then fails much later, in the middle of something else. It prints where it
# really is, which is elsewhere than what was called where that is a shim or lies in a virtual environment.
PROBE = """
import ssl, sqlite3, venv, zlib, ctypes, sys
assert sys.version_info[:2] == (3, 13), sys.version
assert sys.version_info.releaselevel == "final", sys.version
assert sys.implementation.name == "cpython", sys.implementation.name
print(sys._base_executable)
"""


def find() -> Optional[str]:
    """Return the path of the first Python 3.13 that starts and is complete, or None."""
    return next((real for real in map(probe, candidates()) if real), None)


def probe(path: str) -> Optional[str]:
    """Return the real path of this Python if it is a complete 3.13, else None. A pyenv shim may exist but not start."""
    # Without .venv on PATH, where a shim that has no 3.13 of its own would find the one that is about to be replaced.
    path_without_venv = os.pathsep.join(folder for folder in os.get_exec_path() if Path(folder) != VENV / "bin")
    environment = {**os.environ, "PATH": path_without_venv}
    try:
        done = subprocess.run([path, "-c", PROBE], env=environment, capture_output=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode().strip()


def candidates() -> Iterator[str]:
    """Yield each possible path of Python 3.13 once, the user's own choice first.

    Not the one in ``.venv``, which the Makefile puts on PATH: it may be about to be replaced.
    """
    seen = {VENV / "bin" / NAME}
    chosen = [Path(os.environ["LAMINA_PYTHON"])] if os.environ.get("LAMINA_PYTHON") else []
    for path in (*chosen, *on_path(), Path(sys.executable), *installed()):
        if path not in seen and os.access(path, os.X_OK):
            seen.add(path)
            yield str(path)


def on_path() -> List[Path]:
    """``python3.13`` in every folder of PATH: the first may be a shim that hides a good one."""
    return [Path(folder) / NAME for folder in os.get_exec_path() if folder]


def installed() -> List[Path]:
    """``python3.13`` where installers put it, newest patch version first."""
    pyenv = os.environ.get("PYENV_ROOT") or "~/.pyenv"
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR") or "~/.local/share/uv/python"
    found: List[Path] = []
    for place in PLACES:
        folder = Path(place.format(pyenv=pyenv, uv=uv)).expanduser()
        pattern = str(folder.relative_to(folder.anchor) / NAME)
        found += sorted(Path(folder.anchor).glob(pattern), key=patch_version, reverse=True)
    return found


def patch_version(python: Path) -> List[int]:
    """Return the numbers in the name of the version's folder, so that 3.13.10 comes after 3.13.9."""
    return [int(number) for number in re.findall(r"\d+", python.parts[-3])]
