"""Capacity units consumed by a request, as reported by the engine.

Functions do not request this report, so a proxy between them and the engine adds the parameter and reads it.
"""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from bench import HOST
from bench.authority import CERTIFICATE, make_authority
from bench.build.contenders import Contender
from bench.engine import Engine
from bench.environment import environment
from bench.requests import event
from bench.rounds import check

PASSED_ON = ("X-Amz-Target", "X-Amz-Date", "Content-Type", "Authorization")
READS = ("GetItem", "BatchGetItem", "Query")


@dataclass
class Bill:
    """Calls since the last reset: operations in order, read and write request units."""

    calls: list[str] = field(default_factory=list)
    reads: float = 0
    writes: float = 0

    def clear(self) -> None:
        """Reset the counts."""
        self.calls.clear()
        self.reads = self.writes = 0

    def note(self, operation: str, answer: dict[str, Any]) -> None:
        """Add one call."""
        consumed = answer.get("ConsumedCapacity", [])
        units = sum(each["CapacityUnits"] for each in (consumed if isinstance(consumed, list) else [consumed]))
        self.calls.append(operation)
        if operation in READS:
            self.reads += units
        else:
            self.writes += units


def measure(contenders: Sequence[Contender], engine: Engine) -> dict[str, dict[str, dict[str, Any]]]:
    """Send each request to each contender once; return calls and units by contender and request."""
    bill = Bill()
    found: dict[str, dict[str, dict[str, Any]]] = {}
    with _metered(engine, bill) as metered:
        for contender in contenders:
            for work, function in contender.functions.items():
                bill.clear()
                with environment(function, metered) as started:
                    check(contender, started.invoke(event(work))[1])
                found.setdefault(contender.name, {})[work] = asdict(bill)
    return found


@contextmanager
def _metered(engine: Engine, bill: Bill) -> Iterator[Engine]:
    """Start the proxy in front of an engine."""
    upstream = urlsplit(engine.http)

    class Proxy(BaseHTTPRequestHandler):
        """Passes calls on, and requests the consumed capacity."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Pass one call on."""
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            target = self.headers["X-Amz-Target"]
            connection = http.client.HTTPConnection(str(upstream.hostname), upstream.port)
            headers = {name: self.headers[name] for name in PASSED_ON}
            body = json.dumps({**asked, "ReturnConsumedCapacity": "TOTAL"}).encode()
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            raw = answer.read()
            bill.note(target.partition(".")[2], json.loads(raw))
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the signature is the library's)
            """Do not log single calls."""

    with TemporaryDirectory(prefix="lamina-bench-") as scratch:
        authority = make_authority(Path(scratch))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(Path(scratch) / CERTIFICATE)
        server = ThreadingHTTPServer((HOST, 0), Proxy)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield replace(engine, https=f"https://{HOST}:{server.server_port}", authority=authority)
        finally:
            server.shutdown()
            server.server_close()
