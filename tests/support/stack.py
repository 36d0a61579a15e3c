"""The laptop stack as tests see it: the real `python -m local`, in processes of its own, on ports of its own.

The end-to-end tests share one through the fixture `stack` (mark them `xdist_group("stack")`, so that one worker has
them all); the tests of the stack itself start their own with `start`.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240.0
STOP_SECONDS = 30.0
ANSWER_SECONDS = 30.0
LOCAL = (sys.executable, "-m", "local")


@dataclass
class RunningStack:
    """One `python -m local` and what it has printed so far."""

    process: subprocess.Popen[str]
    port: int
    lines: list[str] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        """Where its front is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """Everything that it has printed."""
        return "\n".join(self.lines)

    def wait_for(self, beginning: str, seconds: float = START_SECONDS, after: int = 0) -> str:
        """The first line from the `after`th on that begins so; fails when it ends or takes too long."""
        deadline = time.monotonic() + seconds
        with self._news:
            while True:
                for line in self.lines[after:]:
                    if line.startswith(beginning):
                        return line
                left = deadline - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not self._news.wait(0.5)):
                    pytest.fail(f"no line {beginning!r} from `python -m local`, which printed:\n{self.output}")
                self._news.wait(left)

    def wait_for_end(self, seconds: float = STOP_SECONDS) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(seconds)

    def stop(self) -> None:
        """Ask it to stop and wait until it has."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.wait_for_end()

    def processes(self) -> list[int]:
        """It and everything that it started, by pid."""
        return [self.process.pid, *_descendants(self.process.pid)]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()


@contextmanager
def start(
    state: Path | str = "memory", port: int | None = None, root: Path = ROOT, command: Sequence[str] = LOCAL
) -> Iterator[RunningStack]:
    """`python -m local` over the checkout at `root`; whatever it started is gone at the end."""
    port = port or free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = {**kept, "PORT": str(port), "LAMINA_STATE": str(state), "LAMINA_ROOT": str(root)}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = RunningStack(process, port)
    reader = threading.Thread(target=running._read, daemon=True)
    reader.start()
    try:
        yield running
    finally:
        try:
            running.stop()
        except subprocess.TimeoutExpired:
            for pid in running.processes():
                os.kill(pid, signal.SIGKILL)
            process.wait()
        reader.join(STOP_SECONDS)
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    """A laptop stack that is ready, keeps nothing, and is shared by every test of the session."""
    with start() as running:
        running.wait_for("ready")
        yield running


def look(url: str) -> Any:
    """What a page of a local stack shows, as JSON."""
    with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 (http, and ours)
        return json.load(answer)


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has ended in the meantime
            for child in task.read_text(encoding="ascii").split():
                found += [int(child), *_descendants(int(child))]
    return found
