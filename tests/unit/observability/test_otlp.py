"""What leaves by OTLP: received over HTTP and read by the classes that protobuf generates, as a collector would."""

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bench.authority import CERTIFICATE, make_authority
from lamina.events.publisher import publish
from lamina.observability import tracing
from lamina.observability.logs import about
from lamina.observability.otlp import PAUSE_SECONDS, SECONDS, Collector
from lamina.settings import Settings
from lamina.storage import tracing as table_tracing
from lamina.storage.transport import Call
from tests.conftest import ENVIRONMENT
from tests.support.otlp import Receiver, receiving, values
from tests.unit.events.bus import Bus
from tests.unit.observability.conftest import NOT_SAMPLED, PARENT, ROOT, SAMPLED
from tests.unit.observability.test_tracing import SECRET, created

TRACE = ROOT.removeprefix("1-").replace("-", "")
CALLERS_TRACE, CALLERS_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01"
REQUEST: dict[str, Any] = {"httpMethod": "GET", "resource": "/v1/users/{id}", "path": SECRET}
CONTEXT: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 10_000)


type Export = Callable[[str], None]


@pytest.fixture
def export(monkeypatch: pytest.MonkeyPatch) -> Export:
    """Sends the traces of this process to a collector, by its URL; the invocation is sampled."""

    def to(url: str) -> None:
        monkeypatch.setattr(tracing, "enabled", True)
        monkeypatch.setattr(tracing, "_collector", Collector(url))

    monkeypatch.setenv(tracing.INVOCATION, SAMPLED)
    return to


@pytest.fixture
def receiver(export: Export) -> Iterator[Receiver]:
    with receiving() as found:
        export(found.url)
        yield found


def invoke(event: Any = None, context: Any = CONTEXT) -> float:
    """Invoke a function that reads the table; return how many seconds it took."""

    def handler(_event: Any, _context: Any) -> dict[str, Any]:
        with about(correlation_id="c-1", user_id=SECRET):
            key = {"pk": {"S": f"USER#{SECRET}"}, "sk": {"S": "USER"}}
            response = {"ConsumedCapacity": {"CapacityUnits": 0.5}}
            table_tracing.record(Call("GetItem", {"TableName": "t", "Key": key}, attempts=2, response=response))
            return {"statusCode": 404, "body": SECRET}

    started = time.monotonic()
    assert tracing.traced(handler)(REQUEST if event is None else event, context)["statusCode"] == 404
    return time.monotonic() - started


def lost(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    """Every reason why spans were lost, as it was logged, with their number."""
    lines = [vars(record) for record in caplog.records if record.getMessage() == "traces were not sent"]
    return [(line["error"], line["spans"]) for line in lines]


def test_an_invocation_is_a_span_with_its_calls_as_children(receiver: Receiver) -> None:
    invoke()
    call, invocation = receiver.spans()
    assert {call.trace_id.hex(), invocation.trace_id.hex()} == {TRACE}
    assert (call.parent_span_id, invocation.parent_span_id.hex()) == (invocation.span_id, PARENT)
    assert (invocation.name, invocation.kind) == ("GET /v1/users/{id}", Span.SPAN_KIND_SERVER)
    assert (call.name, call.kind) == ("DynamoDB.GetItem", Span.SPAN_KIND_CLIENT)
    assert abs(invocation.end_time_unix_nano / 1e9 - time.time()) < 60
    assert invocation.start_time_unix_nano <= call.start_time_unix_nano <= invocation.end_time_unix_nano
    of_invocation = values(invocation.attributes)
    assert of_invocation.pop("faas.coldstart") in {True, False}
    assert of_invocation == {
        "http.request.method": "GET",
        "http.route": "/v1/users/{id}",
        "http.response.status_code": 404,
        "lamina.correlation_id": "c-1",
    }
    assert values(call.attributes) == {
        "rpc.system": "aws-api",
        "rpc.service": "DynamoDB",
        "rpc.method": "GetItem",
        "aws.dynamodb.table_names": ["t"],
        "http.request.resend_count": 1,
        "lamina.item_kinds": ["USER/USER"],
        "lamina.consumed_capacity": 0.5,
    }
    assert SECRET not in str(receiver.requests)


def test_one_request_is_sent_for_an_invocation_with_what_the_resource_is(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "prod-GetUser")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "7")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    invoke()
    invoke()
    assert [path for path, *_ in receiver.requests] == ["/v1/traces"] * 2
    _, headers, body = receiver.requests[0]
    assert headers["Content-Type"] == "application/json"
    assert values(body.resource_spans[0].resource.attributes) == {
        "service.name": "lamina",
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": "eu-west-1",
        "faas.name": "prod-GetUser",
        "faas.version": "7",
        "deployment.environment.name": ENVIRONMENT["LAMINA_PUBLIC_URL"].removeprefix("https://"),
    }


def test_errors_are_named_by_their_class_alone(receiver: Receiver) -> None:
    def handler(_event: Any, _context: Any) -> None:
        error = {"Code": "ThrottlingException", "Message": SECRET}
        refused = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
        table_tracing.record(Call("PutItem", {}, attempts=1, response=refused))
        with tracing.subsegment("hooks.example.com", namespace="remote") as segment:
            segment.put_status(503)
        raise ValueError(SECRET)

    with pytest.raises(ValueError, match=SECRET):
        tracing.traced(handler)({}, CONTEXT)
    call, remote, invocation = receiver.spans()
    assert [span.status.code for span in (call, remote, invocation)] == [2, 2, 2]
    assert values(call.attributes)["error.type"] == "ThrottlingException"
    assert values(remote.attributes) == {"server.address": "hooks.example.com", "http.response.status_code": 503}
    assert values(invocation.attributes)["error.type"] == "ValueError"
    assert SECRET not in str(receiver.requests)


def test_a_request_that_is_refused_is_no_error_of_the_service(receiver: Receiver) -> None:
    invoke()
    assert [span.status.code for span in receiver.spans()] == [0, 0]


def test_the_trace_of_a_caller_is_continued_whatever_the_gateway_decided(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(tracing.INVOCATION, NOT_SAMPLED)
    invoke({**REQUEST, "headers": {"Traceparent": TRACEPARENT}})
    call, invocation = receiver.spans()
    assert {call.trace_id.hex(), invocation.trace_id.hex()} == {CALLERS_TRACE}
    assert invocation.parent_span_id.hex() == CALLERS_SPAN
    assert tracing.header() == NOT_SAMPLED, "the next invocation has nothing of it"


@pytest.mark.parametrize(
    "invalid",
    [
        "",
        "00",
        TRACEPARENT.upper(),
        TRACEPARENT.replace("00-", "ff-", 1),
        TRACEPARENT.replace(CALLERS_TRACE, "0" * 32),
        TRACEPARENT.replace(CALLERS_SPAN, "0" * 16),
        TRACEPARENT + "0",
        SAMPLED,
    ],
)
def test_an_invalid_trace_of_a_caller_is_ignored(invalid: str, receiver: Receiver) -> None:
    invoke({**REQUEST, "headers": {"traceparent": invalid}})
    assert {span.trace_id.hex() for span in receiver.spans()} == {TRACE}


def test_a_newer_version_of_the_header_is_read_as_the_first() -> None:
    read = tracing.read_traceparent(f"01-{CALLERS_TRACE}-{CALLERS_SPAN}-03-more")
    assert read == (f"1-{CALLERS_TRACE[:8]}-{CALLERS_TRACE[8:]}", CALLERS_SPAN, True)


def test_a_caller_can_leave_a_request_out(receiver: Receiver) -> None:
    invoke({**REQUEST, "headers": {"traceparent": TRACEPARENT.removesuffix("01") + "00"}})
    assert receiver.requests == []


def test_what_is_not_sampled_is_not_sent(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tracing.INVOCATION, NOT_SAMPLED)
    invoke()
    assert receiver.requests == []


def test_a_trace_goes_on_behind_the_queue(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    bus, items = Bus(), []
    monkeypatch.setattr("lamina.events.publisher._bus", bus)
    tracing.traced(lambda *_: items.append(created()))({"headers": {"traceparent": TRACEPARENT}}, CONTEXT)
    # The others are invocations of traces of their own, which are not sampled.
    monkeypatch.setenv(tracing.INVOCATION, NOT_SAMPLED)
    tracing.traced(lambda *_: publish(items))({"Records": []}, CONTEXT)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "send_mail")

    def consume(*_: object) -> None:
        with tracing.segment(bus.taken[0]["trace"]), about(event_type="user.created"):
            pass

    tracing.traced(consume)({"Records": []}, CONTEXT)
    request, published, consumed = receiver.spans()
    assert {span.trace_id.hex() for span in (request, published, consumed)} == {CALLERS_TRACE}
    assert (published.parent_span_id, consumed.parent_span_id) == (request.span_id, published.span_id)
    assert (consumed.name, consumed.kind) == ("send_mail", Span.SPAN_KIND_CONSUMER)
    assert values(consumed.attributes) == {"lamina.event_type": "user.created"}


def test_a_connection_that_was_closed_meanwhile_is_no_failure(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    invoke()
    receiver.statuses.append(None)
    invoke()
    assert len(receiver.requests) == 3
    assert lost(caplog) == []


def test_a_collector_may_have_a_path(receiver: Receiver, export: Export) -> None:
    export(receiver.url + "/otlp/")
    invoke()
    assert [path for path, *_ in receiver.requests] == ["/otlp/v1/traces"]


def test_a_collector_with_tls_is_verified(
    receiver: Receiver, export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text(make_authority(tmp_path), encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / CERTIFICATE)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    monkeypatch.setattr(receiver.server, "handle_error", lambda *_: None)
    url = receiver.url.replace("http", "https")
    export(url)
    invoke()
    assert receiver.requests == []
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    export(url)
    invoke()
    assert len(receiver.requests) == 1


@pytest.fixture
def hung() -> Iterator[str]:
    """The URL of a collector that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_collector_that_hangs_delays_one_request_and_not_the_next(
    hung: str, export: Export, caplog: pytest.LogCaptureFixture
) -> None:
    export(hung)
    assert SECONDS <= invoke() < SECONDS + 1
    assert invoke() < SECONDS / 2
    assert lost(caplog) == [("no response in time", 2)]


def test_an_invocation_without_time_waits_for_no_collector(hung: str, export: Export) -> None:
    export(hung)
    assert invoke(context=SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 90)) < SECONDS / 2


def test_a_collector_that_refuses_connections_delays_nothing(export: Export, caplog: pytest.LogCaptureFixture) -> None:
    export("http://127.0.0.1:1")
    assert invoke() < SECONDS / 2
    assert lost(caplog) == [("ConnectionRefusedError", 2)]


def test_after_a_failure_nothing_is_sent_for_a_while(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.statuses.append(503)
    invoke()
    invoke()
    assert len(receiver.requests) == 1
    assert lost(caplog) == [("503", 2)]
    later = time.monotonic() + PAUSE_SECONDS
    monkeypatch.setattr("lamina.observability.otlp.time.monotonic", lambda: later)
    invoke()
    assert len(receiver.requests) == 2


def test_an_invocation_with_very_many_calls_keeps_the_newest(receiver: Receiver) -> None:
    def handler(_event: object, _context: object) -> None:
        for _ in range(1_500):
            tracing.record_call("S3", time.time(), {"operation": "PutObject"})

    tracing.traced(handler)({}, CONTEXT)
    spans = receiver.spans()
    assert len(spans) == 1_000
    assert spans[-1].parent_span_id.hex() == PARENT


PROGRAM = """
import sys
from types import SimpleNamespace
from lamina.observability import tracing
context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 10_000)
tracing.traced(lambda event, context: None)({}, context)
print(tracing.enabled, *sorted({".".join(name.split(".")[:2]) for name in sys.modules if name.startswith("opentel")}))
"""


@pytest.mark.parametrize(
    ("url", "printed"), [("", "True"), ("http://127.0.0.1:1", "True opentelemetry opentelemetry.proto_json")]
)
def test_nothing_of_opentelemetry_is_imported_without_the_setting(url: str, printed: str) -> None:
    variables = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join(sys.path), "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:1"}
    variables |= {tracing.INVOCATION: SAMPLED, "LAMINA_OTLP_URL": url}
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=variables, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == printed


@pytest.mark.parametrize(
    "url", ["collector:4318", "ftp://collector", "http://", "http://c/?a", "http://c d", "http://a:b@c"]
)
def test_what_is_no_url_of_a_collector_is_rejected(url: str) -> None:
    fields = {name.removeprefix("LAMINA_").lower(): value for name, value in ENVIRONMENT.items() if "LAMINA_" in name}
    assert Settings.model_validate(fields | {"otlp_url": "https://collector:4318/otlp"}).otlp_url
    with pytest.raises(ValueError, match="otlp_url"):
        Settings.model_validate(fields | {"otlp_url": url})
