"""The table of unit tests: dynoxide in memory where this machine runs it, moto elsewhere.

Dynoxide answers several times as fast as moto and is closer to DynamoDB: it has isolated transactions, for one. Its
address stands in the environment before any client is made, so that every client of the process finds it.
"""

import atexit
import platform
import socket
import subprocess
import time
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "node_modules" / "@dynoxide" / "linux-x64" / "dynoxide"
IS_THERE = (platform.system(), platform.machine()) == ("Linux", "x86_64") and PROGRAM.is_file()
START_SECONDS = 30.0
HOST = "127.0.0.1"


def environment() -> dict[str, str]:
    """Start the table, until this process ends; return the variables by which clients find it."""
    deadline = time.monotonic() + START_SECONDS
    while IS_THERE:
        assert time.monotonic() < deadline, "the table of unit tests does not start"
        with socket.socket() as free:
            free.bind((HOST, 0))
            port: int = free.getsockname()[1]
        process = subprocess.Popen(
            [str(PROGRAM), "serve", "--host", HOST, "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if _listens(process, port, deadline):
            atexit.register(process.terminate)
            return {"AWS_ENDPOINT_URL_DYNAMODB": f"http://{HOST}:{port}"}
    return {}


def _listens(process: subprocess.Popen[bytes], port: int, deadline: float) -> bool:
    """Wait until it listens; return whether it does, which it cannot if somebody else has taken the port since."""
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), START_SECONDS).close()
        except ConnectionRefusedError:
            continue
        return process.poll() is None
    return False
