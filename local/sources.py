"""Detects changes of a checkout's sources on demand, before the system reports them."""

import os
from collections.abc import Iterator
from pathlib import Path

TEMPLATE = "template.yaml"
FOLDERS = ("functions", "layers", "stacks")
IGNORED_FOLDERS = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")
IGNORED_ENDINGS = (".pyc", ".pyo", ".tmp", ".swp", ".swx", "~")

type Stamp = tuple[int, int, int]
"""The modification time, size and inode of a file: an editor may replace it."""


class Sources:
    """The template and what is in the folders beside it, but for what Python or an editor leaves there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, Stamp | None] = {}
        self._folders: dict[str, Stamp | None] = {}
        self.changed()

    def is_unchanged(self) -> bool:
        """Whether nothing has changed since the last `changed()`: a call of the system for each file, under 1 ms."""
        return all(_stamp(path) == stamp for known in (self._files, self._folders) for path, stamp in known.items())

    def changed(self) -> set[Path]:
        """Return the files that have changed, come or gone since the last time."""
        before = self._files
        self._folders = {}
        self._files = {path: _stamp(path) for path in self._walk()}
        differing = {path for path, stamp in self._files.items() if before.get(path) != stamp}
        return {Path(path) for path in differing | (before.keys() - self._files.keys())}

    def _walk(self) -> Iterator[str]:
        yield str(self._root / TEMPLATE)
        for name in FOLDERS:
            for folder, folders, files in os.walk(self._root / name):
                self._folders[folder] = _stamp(folder)
                folders[:] = [each for each in folders if each not in IGNORED_FOLDERS and not each.startswith(".")]
                yield from (f"{folder}/{file}" for file in files if _matters(file))


def _matters(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(IGNORED_ENDINGS)


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)  # noqa: PTH116  a Path for each of hundreds of files at each request would cost as much again
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
