"""Installs the DynamoDB engines of the storage tests, if npm is available.

They are optional: without them, those tests are skipped with the reason.
"""

import hashlib
import shutil
from pathlib import Path

from setup.progress import SetupError, run, step

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "package-lock.json"
STAMP = ROOT / "node_modules" / ".lamina-ready"


def prepare() -> None:
    """Update ``node_modules`` to its lock file, if necessary; never fail because of it."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    npm = shutil.which("npm")
    if not npm:
        print("set-up: npm was not found, so the storage tests skip DynamoDB Local and dynoxide", flush=True)
        return
    try:
        with step("fetching the DynamoDB engines of the storage tests"):
            run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(ROOT)], 300, "npm ci")
            STAMP.write_text(wanted)
    except SetupError as problem:
        print(f"set-up: the storage tests skip DynamoDB Local and dynoxide: {problem}", flush=True)
