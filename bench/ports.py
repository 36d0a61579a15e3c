"""Ports of 127.0.0.1, and waiting for servers."""

import socket
import subprocess
import time

from bench import HOST

START_SECONDS = 20.0
PAUSE_SECONDS = 0.01


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a program that was started listens.

    Raises:
        RuntimeError: if it has exited, or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), START_SECONDS).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{process.args!r} does not listen") from None
            time.sleep(PAUSE_SECONDS)
        else:
            return
