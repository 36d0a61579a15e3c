"""Installs tools whose packages are not those of the project, each into a virtual environment of its own.

``requirements/<name>.txt`` locks them. They are installed when a command first needs them.
"""

import hashlib
from pathlib import Path

from setup.environment import DOWNLOAD_SECONDS, PYTHON, ROOT, VENV
from setup.progress import run, step


def installed(name: str) -> Path:
    """Return the folder of the programs of a tool, and install them if necessary.

    Raises:
        SetupError: a package could not be installed.

    """
    lock, target = ROOT / "requirements" / f"{name}.txt", VENV / "tools" / name
    stamp, programs = target / ".lamina-ready", target / "bin"
    wanted = hashlib.sha256(lock.read_bytes() + str(ROOT).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return programs
    uv = str(VENV / "bin" / "uv")
    with step(f"installing the packages of requirements/{name}.txt"):
        run([uv, "venv", "--quiet", "--clear", "--python", str(PYTHON), str(target)], 120, "uv venv")
        sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(programs / "python"), str(lock)]
        run(sync, DOWNLOAD_SECONDS, "installing the packages")
    stamp.write_text(wanted)
    return programs
