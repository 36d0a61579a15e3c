"""npm's graphql-ws in a process of its own, unmodified, subscribed to something."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

from tests.support.templates import ROOT

PROGRAM = Path(__file__).with_name("subscribe.mjs")
SECONDS = 30


@dataclass
class Subscriber:
    """A subscription of graphql-ws.

    Attributes:
        events: what has happened and was not asked for yet.
    """

    events: Queue[dict[str, Any]]

    def wait_for(self, event: str, seconds: float = SECONDS) -> dict[str, Any]:
        """Return the next event of a kind; others before it are skipped."""
        while True:
            try:
                found = self.events.get(timeout=seconds)
            except Empty:
                pytest.fail(f"graphql-ws has no {event!r} within {seconds} s")
            if found["event"] == event:
                return found


@contextmanager
def subscribed(url: str, token: str, query: str, variables: Mapping[str, object]) -> Iterator[Subscriber]:
    """Subscribe until the block ends. Skips the test without Node or its packages."""
    node = shutil.which("node")
    if not node or not (ROOT / "node_modules" / "graphql-ws").is_dir():
        pytest.skip("npm's graphql-ws is not installed: it needs Node")
    command = [node, str(PROGRAM), url, token, query, json.dumps(variables)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    subscriber = Subscriber(Queue())

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            subscriber.events.put(json.loads(line))

    reader = Thread(target=read, daemon=True)
    reader.start()
    try:
        yield subscriber
    finally:
        process.kill()
        process.wait()
        reader.join()
        if process.stdout is not None:
            process.stdout.close()
