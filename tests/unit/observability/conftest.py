"""X-Ray's daemon on this machine: a UDP socket that keeps what it is sent."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from lamina.observability import daemon as xray
from lamina.observability import tracing

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
PARENT = "53995c3f42cd8ad8"
SAMPLED = f"Root={ROOT};Parent={PARENT};Sampled=1"
NOT_SAMPLED = f"Root={ROOT};Parent={PARENT};Sampled=0"


class Daemon:
    """What was sent, document by document."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening

    def received(self) -> list[dict[str, Any]]:
        """Everything that has come, and nothing twice. On the loopback interface, what was sent has arrived."""
        documents: list[dict[str, Any]] = []
        while True:
            try:
                datagram = self._socket.recv(65_535)
            except BlockingIOError:
                return documents
            head, _, document = datagram.partition(b"\n")
            assert json.loads(head) == {"format": "json", "version": 1}
            documents.append(json.loads(document))


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon that functions know of, and an invocation that is sampled."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        monkeypatch.setattr(tracing, "enabled", True)
        monkeypatch.setenv(xray.ADDRESS, f"127.0.0.1:{listening.getsockname()[1]}")
        monkeypatch.setenv(tracing.INVOCATION, SAMPLED)
        yield Daemon(listening)
