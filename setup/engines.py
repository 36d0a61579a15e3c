"""Installs what tests take from npm, if it is available: DynamoDB engines, GraphQL clients, linters and generators.

They are optional: without them, those tests are skipped with the reason.
"""

import hashlib
import shutil
from pathlib import Path

from setup.progress import SetupError, run, step

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = ROOT / "clients"
SKIPPED = {
    ROOT: "DynamoDB Local, dynoxide and npm's graphql-ws",
    CLIENTS: "the linters of the OpenAPI document and the generated clients",
}
"""What tests skip without the packages of a folder."""


def prepare() -> None:
    """Update the packages of both folders, if necessary; never fail because of it."""
    for folder in SKIPPED:
        attempt(folder)


def attempt(folder: Path) -> None:
    """Update the packages of a folder, or print what the tests skip without them."""
    try:
        install(folder)
    except SetupError as problem:
        print(f"set-up: the tests skip {SKIPPED[folder]}: {problem}", flush=True)


def install(folder: Path) -> None:
    """Update ``node_modules`` of a folder to its lock file, if necessary.

    Raises:
        SetupError: npm is missing, or failed.

    """
    lock, stamp = folder / "package-lock.json", folder / "node_modules" / ".lamina-ready"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    npm = shutil.which("npm")
    if not npm:
        raise SetupError("npm was not found")
    with step(f"fetching the packages of {folder.relative_to(ROOT) / 'package.json'} from npm"):
        run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)], 300, "npm ci")
        stamp.write_text(wanted)
