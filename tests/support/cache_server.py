"""A real cache server in a process of its own, which tests kill, stop and fill; and ways to it that fail."""

import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from setup import cache_server

PROGRAM = cache_server.program()
needs_server = pytest.mark.skipif(PROGRAM is None, reason="there is no valkey-server or redis-server: see the set-up")
START_SECONDS = 10
PASSWORD = "s3cret:/@ of the tests"
QUOTED = "s3cret%3A%2F%40%20of%20the%20tests"


@dataclass
class CacheServer:
    """A server on a port of its own; `options` as on its command line."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where it is, with its password if it has one."""
        return (
            f"redis://:{QUOTED}@127.0.0.1:{self.port}" if PASSWORD in self.options else f"redis://127.0.0.1:{self.port}"
        )

    def start(self) -> None:
        """Start it, on the same port as before, and wait until it listens."""
        if not self.port:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
        assert PROGRAM is not None
        fixed = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder))
        self.process = subprocess.Popen(
            [str(PROGRAM), *fixed, *self.options], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
                return
            time.sleep(0.01)
        pytest.fail("the cache server does not listen")

    def kill(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def hang(self) -> None:
        """Let it answer nothing; it still accepts connections."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def cache_server_in(folder: Path, *options: str) -> Iterator[CacheServer]:
    """A running server, which is gone at the end."""
    server = CacheServer(folder, options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def tls_in_front_of(port: int, certificate: Path) -> Iterator[int]:
    """The port of a server of TLS that passes everything on: the wheels have none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=connect, args=(listening.accept()[0],), daemon=True).start()

        def connect(plain: socket.socket) -> None:
            with (
                suppress(OSError),
                context.wrap_socket(plain, server_side=True) as client,
                socket.create_connection(("127.0.0.1", port)) as server,
            ):
                threading.Thread(target=_pump, args=(server, client), daemon=True).start()
                _pump(client, server)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


@contextmanager
def answering(*replies: bytes) -> Iterator[int]:
    """The port of a server that sends each connection these bytes, one after each command, and then closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection = listening.accept()[0]
                    with suppress(OSError), connection:
                        for reply in replies:
                            if not connection.recv(65_536):
                                break
                            connection.sendall(reply)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65_536):
            target.sendall(received)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
