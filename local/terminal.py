"""Terminal output: one line per step with its duration, one line per message; on a terminal also the current steps."""

import os
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

NAME_WIDTH = 34
BLUNT_SECONDS = 10
CLEAR_LINE = "\r\x1b[K"
PLAIN = "\x1b[0m"
COLORS = {
    "red": "\x1b[1;31m",
    "green": "\x1b[1;32m",
    "yellow": "\x1b[33m",
    "cyan": "\x1b[36m",
    "dim": "\x1b[2m",
    "plain": "",
}

_going_on: list[str] = []


class Stopped(Exception):
    """The stack cannot start or continue; the message is one line with the reason and advice."""


def say(text: str, color: str = "plain") -> None:
    """Print one line to standard output, flushed."""
    _clear()
    print(colored(text, color, sys.stdout), flush=True)
    _show()


def colored(text: str, color: str, stream: TextIO) -> str:
    """Return a text in a color if the stream is a terminal; NO_COLOR (https://no-color.org) switches colors off."""
    if not text or not COLORS[color] or not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"{COLORS[color]}{text}{PLAIN}"


def complain(text: str, more: str = "") -> None:
    """Print one line to standard error, red on a terminal, and details indented below."""
    _clear()
    print(colored(text, "red", sys.stderr), file=sys.stderr)
    if more:
        print(textwrap.indent(more, "    "), file=sys.stderr)
    sys.stderr.flush()
    _show()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the name of a step, and its duration once it has completed; nothing if it fails."""
    begun = time.monotonic()
    _going_on.append(name)
    _show()
    try:
        yield
    finally:
        _going_on.remove(name)
        _clear()
    say(f"  {name:<{NAME_WIDTH}} {seconds(time.monotonic() - begun)}")


def seconds(duration: float) -> str:
    """Return a duration as people read it: `0.3 s`, `12 s`."""
    return f"{duration:.1f} s" if duration < BLUNT_SECONDS else f"{duration:.0f} s"


def _show() -> None:
    if _going_on and sys.stdout.isatty():
        sys.stdout.write(f"{CLEAR_LINE}  {', '.join(_going_on)} …")
        sys.stdout.flush()


def _clear() -> None:
    if sys.stdout.isatty():
        sys.stdout.write(CLEAR_LINE)
        sys.stdout.flush()
