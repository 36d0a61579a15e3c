"""`make export SUBJECT=users`: writes all objects of a subject as NDJSON, one JSON object a line.

Users, posts, products or orders, each as the API shows it to an administrator: no password hash, no key and no internal
field. They are read through their lists while the stack serves, so each is as it is when it is read. `OUT=file` names
the file, which only you can read; by default it is printed. `LOCAL=1` selects the running local stack.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from operations.command import explained, parse, parser
from operations.connection import connect, give_up

SUBJECTS = ("users", "posts", "products", "orders")


def main() -> None:
    """Read the command line, and write the export."""
    options = parser("export", __doc__)
    add_options(options)
    given = parse(options)
    check(given)
    with explained(given.stack, given.region):
        connect(given.stack)
        export(given)


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the options of this command to a parser."""
    options.add_argument("subject", nargs="?", default="", help=f"one of {', '.join(SUBJECTS)}")
    options.add_argument("--out", type=Path, help="the file to write; it must not exist")


def check(given: argparse.Namespace) -> None:
    """Exit with one line if the subject is none."""
    if given.subject not in SUBJECTS:
        give_up(f"SUBJECT is missing: make export SUBJECT=…, one of {', '.join(SUBJECTS)}")


def export(given: argparse.Namespace) -> None:
    """Write the objects of a subject of the connected stack, and print how many there were."""
    count = 0
    with _output(given.out) as file:
        for each in _reader(given.subject)():
            file.write(json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    print(f"{count:,} {given.subject} exported", file=sys.stderr)


def _reader(subject: str) -> Callable[[], Iterator[dict[str, Any]]]:
    # Only now: these modules read their settings when they are imported, and `connect` has just found them.
    from operations import exporting

    reader: Callable[[], Iterator[dict[str, Any]]] = getattr(exporting, subject)
    return reader


@contextmanager
def _output(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        give_up(f"{path} exists already")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yield file


if __name__ == "__main__":
    main()
