"""Installs what tests take from npm, if it is available: DynamoDB engines and GraphQL clients.

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
        print("set-up: npm was not found, so the tests skip DynamoDB Local, dynoxide and npm's graphql-ws", flush=True)
        return
    try:
        with step("fetching the packages of the tests from npm"):
            run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(ROOT)], 300, "npm ci")
            STAMP.write_text(wanted)
    except SetupError as problem:
        print(f"set-up: the tests skip DynamoDB Local, dynoxide and npm's graphql-ws: {problem}", flush=True)
