"""``make lock``: updates every lock file to the newest compatible versions.

The files hold names, versions and hashes, and no addresses: the same lock serves any mirror. The tools are resolved
first, together with what Lambda runs, and bound the other files, so that one virtual environment holds what is
deployed, the tests use the very versions of it, and the benchmark's peers run on the same ones.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import List

from setup.environment import LOCK, ROOT, VENV
from setup.progress import SetupError, run, step

BOUND_BY_TOOLS = (
    "requirements/bootstrap",
    "layers/runtime/requirements",
    "layers/runtime/images",
    "layers/runtime/mail",
    "layers/runtime/crypto",
    "layers/runtime/egress",
    "layers/runtime/content",
    "layers/runtime/graphql",
    "bench/runtime/requirements",
    "bench/peers/boto3/requirements",
    "bench/peers/chalice/requirements",
    "bench/peers/fastapi/requirements",
    "bench/peers/powertools/requirements",
)
ALONE = ("bench/peers/chalice/packager", "requirements/cache_server")
"""Of a package without what it depends on, because only some of its files are used."""
TOOLS = ("requirements/clients", "requirements/load", "requirements/site")
"""Each has a virtual environment of its own."""
COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.13", "--generate-hashes"),
    *("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
)
NPM_FOLDERS = (".", "clients", "layers/runtime/graphiql", "layers/runtime/scalar")
NPM = (
    "install",
    "--package-lock-only",
    "--omit-lockfile-registry-resolved",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
)


def main() -> int:
    """Update the lock files; a file that cannot be resolved is unchanged."""
    try:
        compile_lock("requirements/dev", ["--upgrade"])
        compile_lock("requirements/audit", ["--upgrade"])
        for name in BOUND_BY_TOOLS:
            compile_lock(name, ["--upgrade", "--constraints", str(LOCK)])
        for name in TOOLS:
            compile_lock(name, ["--upgrade"])
        for name in ALONE:
            compile_lock(name, ["--upgrade", "--no-deps"])
        lock_npm()
    except SetupError as problem:
        print(f"lock: {problem}", file=sys.stderr)
        return 1
    return 0


def compile_lock(name: str, options: List[str]) -> None:
    """Resolve ``<name>.in`` into ``<name>.txt``."""
    source, target = ROOT / f"{name}.in", ROOT / f"{name}.txt"
    with step(f"resolving {name}.in"):
        run(
            [str(VENV / "bin" / "uv"), *COMPILE, *options, "--output-file", str(target), str(source)],
            600,
            f"resolving {name}.in",
        )


def lock_npm() -> None:
    """Update each ``package-lock.json``, if npm is available."""
    npm = shutil.which("npm")
    if not npm:
        print("lock: npm was not found, so package-lock.json is unchanged")
        return
    # Elsewhere, because npm leaves out the hashes of packages that it finds installed beside the lock file.
    for folder in NPM_FOLDERS:
        with step(f"resolving {folder}/package.json"), tempfile.TemporaryDirectory(prefix="lamina-lock-") as scratch:
            shutil.copy(ROOT / folder / "package.json", scratch)
            run([npm, *NPM, "--prefix", scratch], 300, "npm install")
            locked = json.loads((Path(scratch) / "package-lock.json").read_text(encoding="utf-8"))
            for package in locked["packages"].values():
                package.pop("funding", None)
            lock = json.dumps(locked, indent=2, ensure_ascii=False) + "\n"
            (ROOT / folder / "package-lock.json").write_text(lock, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
