"""Maintenance of a running local stack's table: `make backup`, `make restore-drill` and `make export`, with `LOCAL=1`.

``python -m local.maintenance COMMAND …`` connects to the stack as a function does, and runs the command of a deployed
stack with the same options.
"""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial

from local.seed.connection import connect
from local.terminal import Stopped, complain
from operations import backup, export, restore_drill


def _back_up(given: argparse.Namespace) -> None:
    print(backup.back_up(given))


COMMANDS: dict[str, tuple[Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], int | None]]] = {
    "backup": (backup.add_options, _back_up),
    "restore-drill": (restore_drill.add_options, partial(restore_drill.drill, local=True)),
    "export": (export.add_options, export.export),
}
"""What adds the options of each command, and what runs it."""


def main() -> int:
    """Return the exit code: that of the command, or 1 if no stack runs."""
    parser = argparse.ArgumentParser(prog="make", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (add_options, _) in COMMANDS.items():
        add_options(commands.add_parser(name))
    given = parser.parse_args()
    if given.command == "export":
        export.check(given)
    try:
        connect(os.environ.get("PORT") or None)
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1
    return COMMANDS[given.command][1](given) or 0


if __name__ == "__main__":
    sys.exit(main())
