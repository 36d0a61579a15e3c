"""Progress output of a run."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the name of a step, and its duration."""
    print(f"bench: {name} ...", end=" ", flush=True)
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        print("stopped", flush=True)
        raise
    print(f"{time.monotonic() - begun:.1f} s", flush=True)


def end_in_order() -> None:
    """Exit on SIGTERM as on an exception, so that started processes are ended too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def say(text: str) -> None:
    """Print one line."""
    print(f"bench: {text}", flush=True)
