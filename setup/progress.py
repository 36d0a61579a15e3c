"""Progress output and errors of the set-up."""

import contextlib
import subprocess
import time
from typing import Iterator, Sequence


class SetupError(Exception):
    """The set-up cannot go on; the text is one line that tells the reader what to do."""


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Print the title when the work starts and its seconds when it ends."""
    print(f"set-up: {title} ...", end=" ", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def run(command: Sequence[str], seconds: float, what: str) -> str:
    """Run a program to its end and return its output.

    Raises:
        SetupError: it could not be started, failed, or took longer than ``seconds``. Its output is part of the message.

    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired as slow:
        raise SetupError(f"{what} took longer than {seconds:.0f} s") from slow
    except OSError as broken:
        raise SetupError(f"{what} cannot be started: {broken}") from broken
    if done.returncode:
        raise SetupError(f"{what} failed: {last_lines(done.stderr or done.stdout)}")
    return done.stdout


def last_lines(output: str, count: int = 12) -> str:
    """Return the end of a program's output, where the reason of a failure stands."""
    return "\n".join(output.strip().splitlines()[-count:]) or "it printed no output"
