"""Traces by OTLP: what an invocation recorded is sent to an OpenTelemetry collector before the invocation ends.

Imported only if `LAMINA_OTLP_URL` is set. Names of attributes are those of the semantic conventions, and have `lamina.`
before them where there is none.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
https://opentelemetry.io/docs/specs/semconv/
"""

import os
import ssl
import time
from collections import deque
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry.proto_json.collector.trace.v1.trace_service import ExportTraceServiceRequest
from opentelemetry.proto_json.common.v1.common import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto_json.resource.v1.resource import Resource
from opentelemetry.proto_json.trace.v1.trace import ResourceSpans, ScopeSpans, Span, Status

from lamina.observability import SERVICE
from lamina.settings import settings
from lamina.storage.connections import NotSentError, OutcomeUnknownError, RawResponse, pooled_requests

SECONDS: Final = 0.5
"""How long an invocation waits at most for the collector."""
RESERVE_SECONDS: Final = 0.1
"""Time that an invocation keeps for its end, however long the collector takes."""
PAUSE_SECONDS: Final = 30.0
"""How long nothing is sent after a failure, so that a collector that hangs does not slow down each request."""
SPANS_KEPT: Final = 1000
"""Of an invocation: the newest, and so the invocation's own, which ends last."""
SUCCESS: Final = range(200, 300)

type Document = Mapping[str, Any]
"""A segment document, as X-Ray takes it."""

_NAMES: Final = {
    "ColdStart": "faas.coldstart",
    "index_name": "aws.dynamodb.index_name",
    "operation": "rpc.method",
    "retries": "http.request.resend_count",
}
"""Attributes, by the names of X-Ray's fields and of annotations."""
_LEFT_OUT: Final = {"Service", "route", "table_name", "user_id"}
"""The resource names the service; users are not identified to others; the rest are attributes of other names."""


class Collector:
    """A collector, and what it has yet to receive."""

    def __init__(self, url: str) -> None:
        """Prepare requests; nothing is sent yet.

        Args:
            url: of the collector, to which `/v1/traces` is appended.
        """
        parts = urlsplit(url)
        # Any public authority may have signed it, or the one in the file that `SSL_CERT_FILE` names.
        trust = ssl.create_default_context() if parts.scheme == "https" else None
        self._post = pooled_requests(url, connections=1, read_seconds=SECONDS, trust=trust)
        self._path = parts.path.rstrip("/") + "/v1/traces"
        self._documents: deque[Document] = deque(maxlen=SPANS_KEPT)
        self._exporting = Thread()
        self._failure = ""
        self._paused_until = 0.0

    def record(self, document: Document) -> None:
        """Keep a finished piece of work until `flush`."""
        self._documents.append(document)

    def flush(self, seconds_left: float) -> None:
        """Send what was recorded, and wait for that; what could not be sent is dropped, with a line in the log.

        Args:
            seconds_left: of the invocation.
        """
        seconds = min(SECONDS, seconds_left - RESERVE_SECONDS)
        documents = [*self._documents]
        self._documents.clear()
        if not documents or seconds <= 0 or time.monotonic() < self._paused_until or self._exporting.is_alive():
            return
        self._failure = "no response in time"
        # In a thread, because the timeouts of a connection do not limit name resolution, nor several steps together.
        self._exporting = Thread(target=self._export, args=(documents,), daemon=True)
        self._exporting.start()
        self._exporting.join(seconds)
        if self._failure:
            from lamina.observability.logs import logger  # which records traces itself

            self._paused_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("traces were not sent", extra={"error": self._failure, "spans": len(documents)})

    def _export(self, documents: Sequence[Document]) -> None:
        body = export_request(documents).to_json().encode()
        try:
            try:
                response = self._send(body)
            except OutcomeUnknownError:  # The collector may have closed the connection while the process was frozen.
                response = self._send(body)
        except (NotSentError, OutcomeUnknownError) as error:
            self._failure = str(error)
        else:
            self._failure = "" if response.status in SUCCESS else str(response.status)

    def _send(self, body: bytes) -> RawResponse:
        return self._post("POST", self._path, body, {"Content-Type": "application/json"})


def export_request(documents: Sequence[Document]) -> ExportTraceServiceRequest:
    """Return the request that sends these documents as spans."""
    spans = ScopeSpans(scope=InstrumentationScope(name=SERVICE), spans=[span(each) for each in documents])
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=_resource(), scope_spans=[spans])])


def span(document: Document) -> Span:
    """Return a document as a span. Both kinds of trace ids have the same 32 hexadecimal digits."""
    kind, name = _kind_and_name(document)
    failed = document.get("fault") or (kind is Span.SpanKind.SPAN_KIND_CLIENT and document.get("error"))
    return Span(
        trace_id=bytes.fromhex(document["trace_id"].removeprefix("1-").replace("-", "")),
        span_id=bytes.fromhex(document["id"]),
        parent_span_id=bytes.fromhex(document["parent_id"]),
        name=name,
        kind=kind,
        start_time_unix_nano=int(document["start_time"] * 1e9),
        end_time_unix_nano=int(document["end_time"] * 1e9),
        attributes=_key_values(_attributes(document)),
        status=Status(code=Status.StatusCode.STATUS_CODE_ERROR) if failed else None,
    )


def _kind_and_name(document: Document) -> tuple[Span.SpanKind, str]:
    annotations, name = document.get("annotations", {}), str(document["name"])
    if route := annotations.get("route"):
        return Span.SpanKind.SPAN_KIND_SERVER, route
    if document.get("namespace") == "aws":
        return Span.SpanKind.SPAN_KIND_CLIENT, f"{name}.{document['aws']['operation']}"
    if document.get("namespace") == "remote":
        return Span.SpanKind.SPAN_KIND_CLIENT, name
    if "ColdStart" in annotations:  # Powertools adds it to each invocation.
        return Span.SpanKind.SPAN_KIND_SERVER, os.environ.get("AWS_LAMBDA_FUNCTION_NAME", SERVICE)
    if document.get("type") != "subsegment":  # what follows from an event
        return Span.SpanKind.SPAN_KIND_CONSUMER, name
    return Span.SpanKind.SPAN_KIND_INTERNAL, name.removeprefix("## ")


def _attributes(document: Document) -> dict[str, object]:
    annotations, aws = document.get("annotations", {}), document.get("aws", {})
    found = {
        _NAMES.get(name, f"lamina.{name}"): value
        for name, value in {**annotations, **aws}.items()
        if name not in _LEFT_OUT
    }
    if route := annotations.get("route"):
        found["http.request.method"], _, found["http.route"] = route.partition(" ")
    if table := aws.get("table_name"):
        found["aws.dynamodb.table_names"] = [table]
    if aws:
        found |= {"rpc.system": "aws-api", "rpc.service": document["name"]}
    if document.get("namespace") == "remote":
        found["server.address"] = document["name"]
    if "http" in document:
        found["http.response.status_code"] = document["http"]["response"]["status"]
    if "cause" in document:
        found["error.type"] = document["cause"]["exceptions"][0]["type"]
    return found


def _resource() -> Resource:
    attributes = {
        "service.name": SERVICE,
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": os.environ.get("AWS_REGION"),
        "faas.name": os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        "faas.version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
        "deployment.environment.name": settings().public_url.partition("://")[2],
    }
    return Resource(attributes=_key_values(attributes))


def _key_values(attributes: Mapping[str, object]) -> list[KeyValue]:
    return [KeyValue(key=name, value=_value(value)) for name, value in attributes.items() if value is not None]


def _value(value: object) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case list():
            return AnyValue(array_value=ArrayValue(values=[_value(each) for each in value]))
        case _:
            return AnyValue(string_value=str(value))
