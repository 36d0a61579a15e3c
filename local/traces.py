"""Receives traces of functions like X-Ray's daemon: UDP datagrams on the front's port number.

The newest traces are kept in memory. The segments of API Gateway are recorded here too.
"""

import asyncio
import json
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.settings import HOST

TRACES_KEPT = 500
DOCUMENTS_KEPT = 500
"""Of each trace."""
HEADER = "X-Amzn-Trace-Id"
ROOT = re.compile(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)")

type Document = dict[str, Any]


@dataclass
class Gateway:
    """API Gateway's part of a request.

    Attributes:
        trace_id: of the trace that it is in: the caller's, or a new one.
        is_sampled: whether it is recorded; the caller may say that it is not.
    """

    trace_id: str
    is_sampled: bool
    started: float
    identifier: str

    @property
    def header(self) -> str:
        """The trace header that functions get."""
        return f"Root={self.trace_id};Parent={self.identifier};Sampled={int(self.is_sampled)}"


class Traces(asyncio.DatagramProtocol):
    """The newest traces, each with the documents that were received of it."""

    def __init__(
        self, kept: Callable[[Document], None] = lambda _: None, told: Callable[[Document], None] = lambda _: None
    ) -> None:
        """Keep nothing yet.

        Args:
            kept: called with each document.
            told: called with what functions report beside their traces: the keys of a call of the table.
        """
        self._kept = kept
        self._told = told
        self._traces: OrderedDict[str, list[Document]] = OrderedDict()
        self._transport: asyncio.BaseTransport | None = None

    async def listen(self, port: int) -> None:
        """Receive on 127.0.0.1. Raises OSError where the port is taken."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, port))

    def close(self) -> None:
        """Stop receiving."""
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 (asyncio's own)
        """Keep a document; what is none is left out."""
        _, _, text = data.partition(b"\n")
        try:
            document = json.loads(text)
        except ValueError:
            return
        if isinstance(document, dict) and isinstance(document.get("calls"), dict):
            self._told(document["calls"])
        elif isinstance(document, dict):
            self.add(document)

    def add(self, document: Document) -> None:
        """Keep a document."""
        trace_id = str(document.get("trace_id"))
        documents = self._traces.setdefault(trace_id, [])
        self._traces.move_to_end(trace_id)
        if len(documents) < DOCUMENTS_KEPT:
            documents.append(document)
        if len(self._traces) > TRACES_KEPT:
            self._traces.popitem(last=False)
        self._kept(document)

    def found(self, correlation_id: str) -> list[Document]:
        """Return the traces of a correlation id: `id`, and `segments` in the order in which they began."""
        return [
            {"id": trace_id, "segments": sorted(documents, key=_began)}
            for trace_id, documents in self._traces.items()
            if any(each.get("annotations", {}).get("correlation_id") == correlation_id for each in documents)
        ]

    def begin(self, sent: str) -> Gateway:
        """Start API Gateway's segment of a request, in the trace of its header or in a new one."""
        root = ROOT.match(sent)
        trace_id = root[1] if root else f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
        return Gateway(trace_id, "Sampled=0" not in sent, time.time(), secrets.token_hex(8))

    def end(self, gateway: Gateway, method: str, status: int) -> None:
        """Record API Gateway's part of a request."""
        if not gateway.is_sampled:
            return
        marks = {"error": 400 <= status < 500, "throttle": status == 429, "fault": status >= 500}  # noqa: PLR2004 (HTTP)
        self.add(
            {
                "name": "gateway",
                "id": gateway.identifier,
                "trace_id": gateway.trace_id,
                "start_time": gateway.started,
                "end_time": time.time(),
                "origin": "AWS::ApiGateway::Stage",
                "http": {"request": {"method": method}, "response": {"status": status}},
                **{name: True for name, is_set in marks.items() if is_set},
            }
        )


def _began(document: Document) -> float:
    return float(document.get("start_time", 0))
