"""What the front keeps of traces."""

import asyncio
import json
import socket
from typing import Any

import pytest

from local import traces
from local.settings import HOST
from local.traces import Traces
from tests.support.stack import free_port


def document(trace_id: str, correlation_id: str = "", **fields: Any) -> dict[str, Any]:
    return {"trace_id": trace_id, "annotations": {"correlation_id": correlation_id}, "start_time": 1.0, **fields}


def datagram(content: object) -> bytes:
    return b'{"format": "json", "version": 1}\n' + json.dumps(content).encode()


def test_a_trace_is_found_by_the_correlation_id_of_any_of_its_segments() -> None:
    kept = Traces()
    for each in (document("1", start_time=2.0), document("1", "mine", start_time=1.0), document("2", "theirs")):
        kept.datagram_received(datagram(each), (HOST, 1))
    (found,) = kept.found("mine")
    assert (found["id"], [each["start_time"] for each in found["segments"]]) == ("1", [1.0, 2.0])
    assert kept.found("nobody") == []


@pytest.mark.parametrize("sent", [b"", b"\n", b"x\n{", datagram([]), datagram("text"), b"\xff\n\xff"])
def test_what_is_no_document_is_left_out(sent: bytes) -> None:
    kept = Traces()
    kept.datagram_received(sent, (HOST, 1))
    assert kept.found("mine") == []


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "TRACES_KEPT", 2)
    monkeypatch.setattr(traces, "DOCUMENTS_KEPT", 3)
    kept = Traces()
    for trace_id in ("1", "2", "3"):
        for _ in range(5):
            kept.add(document(trace_id, trace_id))
    assert [len(kept.found(trace_id)) for trace_id in ("1", "2", "3")] == [0, 1, 1]
    assert len(kept.found("3")[0]["segments"]) == 3


@pytest.mark.parametrize(
    ("sent", "trace_id", "sampled"),
    [
        ("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", "1-5759e988-bd862e3fe1be46a994272793", True),
        ("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0", "1-5759e988-bd862e3fe1be46a994272793", False),
        ("Root=nonsense", None, True),
        ("", None, True),
    ],
)
def test_a_caller_may_bring_a_trace_and_leave_it_out(sent: str, trace_id: str | None, *, sampled: bool) -> None:
    kept = Traces()
    gateway = kept.begin(sent)
    assert trace_id in {None, gateway.trace_id}
    assert gateway.header == f"Root={gateway.trace_id};Parent={gateway.identifier};Sampled={int(sampled)}"
    kept.end(gateway, "GET", 404)
    kept.add(document(gateway.trace_id, "mine"))
    names = [each.get("name") for each in kept.found("mine")[0]["segments"]]
    assert ("gateway" in names) == sampled


class _Noticing(Traces):
    """Says when something has come."""

    def __init__(self) -> None:
        super().__init__()
        self.came = asyncio.Event()

    def add(self, document: dict[str, Any]) -> None:
        super().add(document)
        self.came.set()


async def _received(port: int) -> list[dict[str, Any]]:
    kept = _Noticing()
    await kept.listen(port)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as function:
            function.sendto(datagram(document("1", "mine")), (HOST, port))
        await asyncio.wait_for(kept.came.wait(), 10)
        return kept.found("mine")
    finally:
        kept.close()


def test_datagrams_are_received() -> None:
    assert len(asyncio.run(_received(free_port()))) == 1
