"""Creates ``.venv``: Python 3.13 with exactly the packages of the lock files."""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator, List, Optional

from setup import interpreter
from setup.progress import SetupError, run, step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".lamina-ready"
BOOTSTRAP_LOCK = ROOT / "requirements" / "bootstrap.txt"
LOCK = ROOT / "requirements" / "dev.txt"

DOWNLOAD_SECONDS = 600

NO_PYTHON = (
    "Python 3.13 was not found and could not be downloaded: install it (for example `pyenv install 3.13`, "
    "`uv python install 3.13` or `brew install python@3.13`), or set LAMINA_PYTHON to its path"
)
NO_INSTALLER = (
    "this Python cannot install packages: it needs pip or venv (on Debian and Ubuntu: apt-get install python3-venv)"
)


def prepare() -> None:
    """Update ``.venv`` to the lock files, if necessary.

    Raises:
        SetupError: there is no Python 3.13, or a package could not be installed.

    """
    if is_ready():
        return
    with one_at_a_time():
        if not is_ready():
            install()


def is_ready() -> bool:
    """Whether ``.venv`` was created here, from these lock files, with a Python that still exists."""
    return STAMP.is_file() and PYTHON.exists() and STAMP.read_text() == fingerprint()


def fingerprint() -> str:
    """Return a digest of what ``.venv`` depends on, including its folder, because its scripts contain their path."""
    return hashlib.sha256(LOCK.read_bytes() + str(ROOT).encode()).hexdigest()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other set-up runs in the same folder; the kernel releases the lock if that process dies."""
    with LOCK.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def install() -> None:
    """Find Python, install uv, create the virtual environment, install the packages, and write the stamp last."""
    with contextlib.suppress(FileNotFoundError):
        STAMP.unlink()
    with tempfile.TemporaryDirectory(prefix="lamina-setup-") as scratch:
        found = interpreter.find()
        if is_usable():
            uv = str(VENV / "bin" / "uv")
        else:
            uv = fetch_uv(Path(scratch), found)
            make_venv(uv, found or fetch_python(uv))
        with step("installing the packages of requirements/dev.txt"):
            sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(PYTHON), str(LOCK)]
            run(sync, DOWNLOAD_SECONDS, "installing the packages")
    STAMP.write_text(fingerprint())


def is_usable() -> bool:
    """Whether ``.venv`` can be updated in place: it starts, has uv, and was created in this folder."""
    activate = VENV / "bin" / "activate"
    made_here = activate.is_file() and str(VENV) in activate.read_text()
    return made_here and interpreter.probe(str(PYTHON)) is not None and starts(str(VENV / "bin" / "uv"))


def make_venv(uv: str, python: str) -> None:
    """Create an empty ``.venv``."""
    with step(f"making .venv with {python}"):
        run([uv, "venv", "--quiet", "--clear", "--python", python, str(VENV)], 120, "uv venv")


def fetch_python(uv: str) -> str:
    """Find or download Python 3.13 with uv, and return its path."""
    try:
        with step("fetching Python 3.13"):
            run([uv, "python", "install", "--quiet", interpreter.VERSION], DOWNLOAD_SECONDS, "uv python install")
            path = run([uv, "python", "find", interpreter.VERSION], 60, "uv python find").strip()
    except SetupError as failed:
        raise SetupError(NO_PYTHON) from failed
    if not interpreter.probe(path):
        raise SetupError(NO_PYTHON)
    return path


def fetch_uv(scratch: Path, python: Optional[str]) -> str:
    """Install the locked uv into a scratch folder, and return its path. ``.venv`` gets its own with the packages."""
    # Settings that a reader may have for their own pip, and that contradict --target.
    os.environ.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0")
    with step("fetching uv"):
        pip = find_pip(scratch, python)
        locked = ["--quiet", "--require-hashes", "--only-binary", ":all:", "--requirement", str(BOOTSTRAP_LOCK)]
        run([*pip, "install", "--target", str(scratch / "uv"), *locked], DOWNLOAD_SECONDS, "installing uv")
    return str(scratch / "uv" / "bin" / "uv")


def find_pip(scratch: Path, python: Optional[str]) -> List[str]:
    """Return the command of a pip that starts: an existing one, or one from a virtual environment created for it."""
    pythons = [path for path in (python, sys.executable) if path]
    for path in pythons:
        if starts(path, "-m", "pip"):
            return [path, "-m", "pip"]
    for path in pythons:
        made = subprocess.run([path, "-m", "venv", str(scratch / "pip")], capture_output=True, check=False)
        if made.returncode == 0:
            return [str(scratch / "pip" / "bin" / "python"), "-m", "pip"]
    raise SetupError(NO_INSTALLER)


def starts(*command: str) -> bool:
    """Whether the program runs and prints its version."""
    if not os.access(command[0], os.X_OK):
        return False
    return subprocess.run([*command, "--version"], capture_output=True, check=False).returncode == 0
