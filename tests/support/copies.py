"""Copies of the working tree, in which commands may write."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.make import outside_make
from tests.support.templates import ROOT

SHARED = (".venv", "node_modules")
"""What a copy has in common with the tree: what `make setup` has made."""


def copy_tree(target: Path) -> Path:
    """Copy what git knows of, or would; what type checks have found out is taken along."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    for name in filter(lambda name: (ROOT / name).exists(), SHARED):
        (target / name).symlink_to((ROOT / name).resolve())
    if (cache := ROOT / ".mypy_cache").is_dir():
        shutil.copytree(cache, target / ".mypy_cache")
    return target


def run(tree: Path, *command: str, **variables: str) -> str:
    """Run a command in a copy, and return what it prints; one that fails is shown whole."""
    environment = {name: value for name, value in outside_make().items() if not name.startswith(("LAMINA_", "PYTEST_"))}
    environment |= {"PATH": f"{tree / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}", **variables}
    done = subprocess.run(
        command, cwd=tree, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}"
    return done.stdout
