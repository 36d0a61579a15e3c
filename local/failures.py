"""Failures of functions with the paths of the source tree, for the terminal, the console and callers."""

import contextlib
import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local import sam
from local.settings import Settings
from local.stack import Stack

FAILURE = "\x1ffailure\x1f"
"""Prefix of a description in a failed invocation's message; as `patches.workers.FAILURE`, which needs MiniStack."""
KEPT = 20
INSTALLED = re.compile(r"/lib/python3[^/]*/")


@dataclass(frozen=True)
class Failure:
    """An exception: its text, its function, its line in the sources, and the traceback."""

    at: str
    function: str
    error: str
    place: str
    trace: str
    frames: tuple[tuple[str, int], ...] = ()
    """Its own lines, outermost first: a path of the source tree, and a number."""

    @property
    def line(self) -> str:
        """The exception without the traceback, in one line."""
        return f"{self.place}: {self.error}" if self.place else self.error


class Failures:
    """Stores the newest failures, and which sources cannot be compiled."""

    def __init__(self, settings: Settings, stack: Callable[[], Stack | None]) -> None:
        self._settings = settings
        self._stack = stack
        self.recent: deque[Failure] = deque(maxlen=KEPT)
        self.broken: dict[Path, str] = {}
        """The reason why a changed file is not live, by file."""

    def add(self, described: Mapping[str, Any]) -> Failure:
        """Store an exception that `bootstrap.py` has described."""
        failure = self._failure(described)
        self.recent.appendleft(failure)
        return failure

    def stale(self) -> str:
        """Return why saved sources do not run, in one line."""
        return "; ".join(" ".join(reason.split()) for reason in self.broken.values())

    def explained(self, message: str) -> str | None:
        """Return why a function cannot be loaded, if the message of a failed invocation describes that."""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            error = json.loads(message)["errorMessage"]
            if error.startswith(FAILURE):
                return self._failure(json.loads(error.removeprefix(FAILURE))).line
        return None

    def name(self, function: str) -> str:
        """Return the logical id of a function, without its stack."""
        return self.logical(function).rpartition("/")[2]

    def logical(self, function: str) -> str:
        """Return the logical id of a function: `Async/SendMailFunction`."""
        stack = self._stack()
        return stack.logical.get(function, function) if stack else function

    def _failure(self, described: Mapping[str, Any]) -> Failure:
        folders = self.folders(described)
        frames = [(_replaced(path, folders), line) for path, line in described["frames"] if not INSTALLED.search(path)]
        # Another layer has packages: their frames tell less than the line of the sources that called them.
        own = [(path, line) for path, line in frames if not path.startswith("/")] or frames
        place = f"{own[-1][0]}:{own[-1][1]}" if own else ""
        return Failure(
            at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            function=self.name(described["function"]),
            error=described["error"],
            place=place,
            trace=_replaced(described["trace"], folders).rstrip(),
            frames=tuple((path, int(line or 0)) for path, line in own),
        )

    def folders(self, described: Mapping[str, Any]) -> dict[str, str]:
        """Return the source folders of the folders from which the function ran."""
        built, stack = sam.read_built(self._settings), self._stack()
        resources = stack.resources if stack else {}
        folders = {}
        for source, functions in built.functions.items():
            if any(resources.get(logical) == described["function"] for logical in functions):
                folders[f"{described['code']}/"] = self._shown(source)
        for layer in described["layers"]:
            made = {path.name for path in Path(layer).glob("*")} - {"__pycache__"}
            for source in built.layers:
                if any((source / name).exists() for name in made):
                    folders[f"{layer}/"] = self._shown(source)
        return folders

    def _shown(self, source: Path) -> str:
        return f"{source.relative_to(self._settings.root)}/"


def _replaced(text: str, folders: Mapping[str, str]) -> str:
    for built, source in folders.items():
        text = text.replace(built, source)
    return text
