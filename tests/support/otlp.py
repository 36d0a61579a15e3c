"""A collector of OpenTelemetry on this machine, which reads by the classes that protobuf generates."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

IDS = ("traceId", "spanId", "parentSpanId")


class Receiver:
    """A collector on this machine.

    Attributes:
        requests: what was received: path, headers and decoded body.
        statuses: of the next responses; None closes the connection instead, and 200 follows.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any, ExportTraceServiceRequest]] = []
        self.statuses: list[int | None] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((self.path, self.headers, decoded(body)))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[Span]:
        """Every span, in the order in which they ended."""
        return [
            span for *_, body in self.requests for part in body.resource_spans[0].scope_spans for span in part.spans
        ]


def decoded(body: bytes) -> ExportTraceServiceRequest:
    """Read OTLP's JSON, which differs from protobuf's by ids in hexadecimal digits; an unknown field is an error."""
    message = json.loads(body)
    for span in message["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        span |= {name: b64encode(bytes.fromhex(span[name])).decode() for name in IDS}
    request = ExportTraceServiceRequest()
    ParseDict(message, request)
    return request


def values(attributes: Any) -> dict[str, Any]:
    def value(given: KeyValue) -> Any:
        kind = given.value.WhichOneof("value")
        found = getattr(given.value, str(kind))
        return [each.string_value for each in found.values] if kind == "array_value" else found

    return {each.key: value(each) for each in attributes}


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()
