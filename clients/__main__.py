"""`python -m clients [folder]`: generate the Python and TypeScript clients and the Bruno collection."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from clients import bruno
from setup.engines import install
from setup.progress import SetupError
from setup.tools import installed

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parent / "functions" / "gateway" / "openapi.json"
GENERATED = HERE / "generated"
PROGRAM = HERE / "node_modules" / ".bin" / "openapi-ts"
SECONDS = 300


def main(target: Path) -> int:
    """Replace what a folder contains by newly generated clients, and return the exit code."""
    document: dict[str, Any] = json.loads(DOCUMENT.read_bytes())
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    try:
        python(document, target / "python")
        typescript(target / "typescript")
    except (SetupError, subprocess.CalledProcessError) as problem:
        print(f"clients: {problem}", file=sys.stderr)
        return 1
    count = bruno.write(document, target / "bruno")
    print(f"clients: {target / 'bruno'}, {count} requests")
    return 0


def python(document: dict[str, Any], target: Path) -> None:
    """Generate the package `lamina_client`, with a module for each operation in a package for each tag.

    Raises:
        SetupError: if the generator cannot be installed.
        CalledProcessError: if it fails.
    """
    for item in document["paths"].values():
        for operation in item.values():
            # Modules are in the package of their tag: `users.get`, not `users.users_get`.
            operation["operationId"] = operation["operationId"].partition(".")[2]
    with tempfile.TemporaryDirectory(prefix="lamina-clients-") as scratch:
        source = Path(scratch) / "openapi.json"
        source.write_text(json.dumps(document), encoding="utf-8")
        command = [installed("clients") / "openapi-python-client", "generate", "--path", source, "--meta", "none"]
        _run(*command, "--config", HERE / "python.yaml", "--output-path", target / "lamina_client")
    print(f"clients: {target / 'lamina_client'}")


def typescript(target: Path) -> None:
    """Generate the TypeScript client, or print why it is left out: without npm, there is no generator.

    Raises:
        CalledProcessError: if the generator fails.
    """
    try:
        install(HERE)
    except SetupError as problem:
        print(f"clients: no TypeScript client: {problem}")
        return
    _run(PROGRAM, "--file", HERE / "typescript.mjs", "--input", DOCUMENT, "--output", target, "--no-log-file")
    print(f"clients: {target}")


def _run(*command: object) -> None:
    done = subprocess.run(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        done.check_returncode()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else GENERATED))
