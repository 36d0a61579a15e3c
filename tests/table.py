"""The table of unit tests: dynoxide in memory where this machine runs it, moto elsewhere.

Dynoxide answers several times as fast as moto and is closer to DynamoDB: it has isolated transactions, for one. The
address stands in the environment before any client is made, so that every client of the process finds it.
"""

import platform
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent / "node_modules" / "@dynoxide" / "linux-x64" / "dynoxide"
IS_THERE = (platform.system(), platform.machine()) == ("Linux", "x86_64") and PROGRAM.is_file()
START_SECONDS = 30.0


def environment() -> dict[str, str]:
    """The variables by which clients find the table."""
    if not IS_THERE:
        return {}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{free.getsockname()[1]}"}


@contextmanager
def served(url: str) -> Iterator[None]:
    """Serve tables at the address, until the end of the block."""
    host, _, port = url.removeprefix("http://").partition(":")
    process = subprocess.Popen(
        [str(PROGRAM), "serve", "--host", host, "--port", port],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(host, int(port))
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait(host: str, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((host, port), START_SECONDS).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the table of unit tests does not start"
        else:
            return
