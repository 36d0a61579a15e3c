"""Sends segment documents to X-Ray's daemon, each in a UDP datagram of its own.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final

ADDRESS: Final = "AWS_XRAY_DAEMON_ADDRESS"
HEADER: Final = b'{"format": "json", "version": 1}\n'
"""Goes before each document (X-Ray developer guide, "Sending segment documents")."""


def send(document: Mapping[str, Any]) -> None:
    """Send a document. Nothing waits for it, and nothing fails where it is lost: a trace is worth no failure."""
    with suppress(OSError):
        daemon, address = _daemon(os.environ[ADDRESS])
        daemon.sendto(HEADER + json.dumps(document, separators=(",", ":")).encode(), address)


@cache
def _daemon(addresses: str) -> tuple[socket.socket, tuple[str, int]]:
    """Open a socket for the daemon: `127.0.0.1:2000`, or `tcp:127.0.0.1:2000 udp:127.0.0.1:2001`."""
    by_protocol = [address.removeprefix("udp:") for address in addresses.split() if not address.startswith("tcp:")]
    host, _, port = by_protocol[0].rpartition(":")
    daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.setblocking(False)
    return daemon, (host, int(port))
