"""What is traced: received as X-Ray's daemon would receive it."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import boto3
import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lamina.events.catalog import USER_CREATED
from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem, event
from lamina.events.publisher import publish
from lamina.http import App, Response
from lamina.observability import aws_calls, tracing
from lamina.observability import daemon as xray
from lamina.observability.logs import about
from lamina.storage import tracing as table_tracing
from lamina.storage.transport import Call
from tests.support.aws import Api
from tests.unit.events.bus import Bus
from tests.unit.observability.conftest import NOT_SAMPLED, PARENT, ROOT, SAMPLED, Daemon

SECRET = "hunter2"
CONTEXT: Any = SimpleNamespace(aws_request_id="r")


def request(status: int = 200) -> Any:
    def handler(_event: Any, _context: Any) -> dict[str, Any]:
        with about(correlation_id="c-1"):
            return {"statusCode": status, "body": SECRET}

    return tracing.traced(handler)({"httpMethod": "GET", "resource": "/v1/users/{id}", "path": SECRET}, CONTEXT)


def table_call(params: dict[str, Any], response: dict[str, Any] | None = None, attempts: int = 1) -> None:
    table_tracing.record(Call("GetItem", {"TableName": "t", **params}, attempts=attempts, response=response))


def test_a_handler_is_a_subsegment_of_the_invocation(daemon: Daemon) -> None:
    request()
    (document,) = daemon.received()
    assert (document["trace_id"], document["parent_id"], document["type"]) == (ROOT, PARENT, "subsegment")
    assert document["name"] == "## handler"
    assert document["annotations"]["correlation_id"] == "c-1"
    assert document["annotations"]["route"] == "GET /v1/users/{id}"
    assert document["start_time"] <= document["end_time"]
    assert SECRET not in str(document)


@pytest.mark.parametrize(
    ("status", "marks"),
    [(200, set()), (404, {"error"}), (429, {"error", "throttle"}), (500, {"fault"}), (503, {"fault"})],
)
def test_a_status_marks_its_request(status: int, marks: set[str], daemon: Daemon) -> None:
    request(status)
    (document,) = daemon.received()
    assert {name for name in ("error", "throttle", "fault") if document.get(name)} == marks


def test_an_endpoint_is_traced_with_its_ids(daemon: Daemon) -> None:
    app = App(public=True)

    @app.get("/v1/things")
    def _read() -> Response[None]:
        return app.no_content()

    assert app.handler(Api()._event("GET", "/v1/things", None, {"X-Correlation-Id": "c-2"}, ""), CONTEXT)
    (document,) = daemon.received()
    assert (document["annotations"]["correlation_id"], document["annotations"]["request_id"]) == ("c-2", "request-0")


def test_an_exception_is_a_fault_with_its_class_alone(daemon: Daemon) -> None:
    def handler(_event: Any, _context: Any) -> None:
        raise ValueError(SECRET)

    with pytest.raises(ValueError, match=SECRET):
        tracing.traced(handler)({}, CONTEXT)
    (document,) = daemon.received()
    assert document["fault"]
    assert [found["type"] for found in document["cause"]["exceptions"]] == ["ValueError"]
    assert SECRET not in str(document)


def test_what_is_within_names_what_it_is_within(daemon: Daemon) -> None:
    with tracing.subsegment("outer"), tracing.subsegment("inner"):
        pass
    inner, outer = daemon.received()
    assert (inner["name"], outer["name"]) == ("inner", "outer")
    assert (inner["parent_id"], outer["parent_id"]) == (outer["id"], PARENT)


def test_what_is_not_sampled_is_not_sent(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tracing.INVOCATION, NOT_SAMPLED)
    request()
    with tracing.subsegment("x"):
        table_call({"Key": {"pk": {"S": "USER#1"}, "sk": {"S": "USER"}}}, {})
    assert tracing.header() == NOT_SAMPLED
    assert daemon.received() == []


def test_only_the_first_invocation_is_a_cold_start(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aws_lambda_powertools.tracing.tracer.is_cold_start", True)
    handler = tracing.traced(lambda _event, _context: None)
    monkeypatch.setenv(tracing.INVOCATION, NOT_SAMPLED)
    handler({}, CONTEXT)
    handler({}, CONTEXT)
    monkeypatch.setenv(tracing.INVOCATION, SAMPLED)
    handler({}, CONTEXT)
    assert [document["annotations"]["ColdStart"] for document in daemon.received()] == [False]


def test_outside_of_a_trace_nothing_is_sent(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tracing.INVOCATION)
    request()
    assert tracing.header() is None
    assert daemon.received() == []


def test_without_a_daemon_a_handler_is_only_wrapped_for_the_check_of_its_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "enabled", False)

    def handler(_event: Any, _context: Any) -> None:
        """Do nothing."""

    assert tracing.traced(handler).__wrapped__ is handler  # type: ignore[attr-defined]


def test_a_daemon_that_is_gone_fails_nothing(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (switches tracing on)
    monkeypatch.setenv(xray.ADDRESS, "127.0.0.1:1")
    assert request()["statusCode"] == 200
    assert request()["statusCode"] == 200


def test_the_daemon_may_have_an_address_for_each_protocol(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(xray.ADDRESS, f"tcp:127.0.0.1:1 udp:{os.environ[xray.ADDRESS]}")
    request()
    assert len(daemon.received()) == 1


def test_no_x_ray_sdk_is_imported() -> None:
    program = (
        "import sys; from lamina.observability import tracing;"
        "tracing.traced(lambda event, context: None)({}, None); print('aws_xray_sdk' in sys.modules, tracing.enabled)"
    )
    variables = {"PYTHONPATH": os.pathsep.join(sys.path), xray.ADDRESS: "127.0.0.1:1", tracing.INVOCATION: SAMPLED}
    printed = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True)
    assert printed.stdout.split() == ["False", "True"]


@pytest.mark.parametrize(
    ("params", "kinds"),
    [
        ({"Key": {"pk": {"S": "USER#1"}, "sk": {"S": f"SESSION#{SECRET}"}}}, ["USER/SESSION"]),
        ({"Item": {"pk": {"S": f"EMAIL#{SECRET}"}, "sk": {"S": "EMAIL"}}}, ["EMAIL/EMAIL"]),
        ({"Key": {"pk": {"S": SECRET}, "sk": {"S": SECRET}}}, [""]),
        (
            {
                "TransactItems": [
                    {"Put": {"Item": {"pk": {"S": "USER#1"}, "sk": {"S": "USER"}}}},
                    {"ConditionCheck": {"Key": {"pk": {"S": "JOB#1"}, "sk": {"S": "JOB"}}}},
                ]
            },
            ["JOB/JOB", "USER/USER"],
        ),
        ({"RequestItems": {"t": {"Keys": [{"pk": {"S": "USER#1"}, "sk": {"S": "MFA"}}]}}}, ["USER/MFA"]),
        (
            {
                "IndexName": "gsi1",
                "KeyConditionExpression": "(#0 = :0 AND begins_with (#1, :1))",
                "ExpressionAttributeValues": {":0": {"S": "USERS#all#2"}, ":1": {"S": SECRET}},
            },
            ["USERS"],
        ),
    ],
)
def test_a_table_call_names_kinds_of_items_and_no_more_of_their_keys(
    params: dict[str, Any], kinds: list[str], daemon: Daemon
) -> None:
    table_call(params, {"ConsumedCapacity": {"CapacityUnits": 0.5}}, attempts=3)
    (document,) = daemon.received()
    assert (document["name"], document["namespace"]) == ("DynamoDB", "aws")
    assert document["aws"]["item_kinds"] == kinds
    assert document["aws"].get("index_name") == params.get("IndexName")
    assert (document["aws"]["consumed_capacity"], document["aws"]["retries"]) == (0.5, 2)
    assert SECRET not in str(document)


def test_a_refused_table_call_is_marked_by_the_code(daemon: Daemon) -> None:
    error = {"Code": "ThrottlingException", "Message": SECRET}
    table_call({}, {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}})
    table_call({}, None)
    refused, unanswered = daemon.received()
    assert (refused["error"], refused["throttle"], "fault" in refused) == (True, True, False)
    assert refused["cause"]["exceptions"][0]["type"] == "ThrottlingException"
    assert unanswered["fault"]
    assert SECRET not in str(refused)


class _Kms(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        is_good = self.headers["X-Amz-Target"].endswith("GetPublicKey")
        body = b"{}" if is_good else b'{"__type":"NotFoundException","message":"hunter2"}'
        self.send_response(200 if is_good else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


def test_calls_of_aws_are_recorded(daemon: Daemon) -> None:
    with HTTPServer(("127.0.0.1", 0), _Kms) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            aws_calls.observe()
            session = boto3.Session("key", "secret", region_name="eu-west-1")
            quick = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=5)
            kms: Any = session.client("kms", endpoint_url=f"http://127.0.0.1:{server.server_port}", config=quick)
            kms.get_public_key(KeyId=SECRET)
            with pytest.raises(ClientError):
                kms.describe_key(KeyId=SECRET)
            nowhere: Any = session.client("kms", endpoint_url="http://127.0.0.1:1", config=quick)
            with pytest.raises(botocore.exceptions.EndpointConnectionError):
                nowhere.get_public_key(KeyId=SECRET)
        finally:
            botocore.unregister_initializer(aws_calls._register)
            server.shutdown()
            thread.join()
    good, refused, unanswered = daemon.received()
    assert (good["name"], good["namespace"], good["aws"]["operation"]) == ("KMS", "aws", "GetPublicKey")
    assert not {"error", "fault"} & set(good)
    assert (refused["error"], refused["cause"]["exceptions"][0]["type"]) == (True, "NotFoundException")
    assert unanswered["fault"]
    assert SECRET not in str([good, refused, unanswered])


def created() -> OutboxItem:
    data: Any = {"id": "u", "role": "user", "status": "active"}
    return event(USER_CREATED.of(data), "u", actor=None, correlation_id="c-1")


def test_an_event_carries_its_trace_to_the_bus_and_the_publisher_is_part_of_it(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = Bus()
    monkeypatch.setattr("lamina.events.publisher._bus", bus)
    with tracing.subsegment("request"):
        item = created()
    (request_,) = daemon.received()
    # The publisher is another invocation, of another trace.
    monkeypatch.setenv(tracing.INVOCATION, SAMPLED.replace("1-5759", "1-9999"))
    publish([item])
    (published,) = daemon.received()
    assert (published["trace_id"], published["parent_id"]) == (ROOT, request_["id"])
    assert published["annotations"] == {"correlation_id": "c-1", "event_type": "user.created"}
    header = f"Root={ROOT};Parent={published['id']};Sampled=1"
    assert bus.requests[0][0]["TraceHeader"] == header
    assert bus.taken[0]["trace"] == header


def test_an_event_of_a_request_that_is_not_sampled_is_not_sampled_either(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = Bus()
    monkeypatch.setattr("lamina.events.publisher._bus", bus)
    monkeypatch.setenv(tracing.INVOCATION, NOT_SAMPLED)
    item = created()
    monkeypatch.setenv(tracing.INVOCATION, SAMPLED)
    publish([item])
    assert bus.taken[0]["trace"] == NOT_SAMPLED
    with tracing.subsegment("consumer"), tracing.segment(bus.taken[0]["trace"]), tracing.subsegment("work"):
        assert tracing.header() == NOT_SAMPLED
    assert [document["name"] for document in daemon.received()] == ["consumer"]


def test_an_event_from_before_traces_has_none(daemon: Daemon) -> None:
    item = created()
    item.trace = None
    assert "trace" not in envelope(item)
    with tracing.segment(None), tracing.subsegment("work"):
        pass
    assert {document["trace_id"] for document in daemon.received()} == {ROOT}


def test_work_that_follows_joins_the_trace_of_its_cause(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tracing.INVOCATION, SAMPLED.replace("1-5759", "1-9999"))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "send_mail")
    with tracing.segment(SAMPLED), about(event_type="user.created"), tracing.subsegment("work"):
        pass
    work, follows = daemon.received()
    assert (follows["name"], follows["trace_id"], follows["parent_id"]) == ("send_mail", ROOT, PARENT)
    assert "type" not in follows
    assert follows["annotations"] == {"event_type": "user.created"}
    assert (work["trace_id"], work["parent_id"]) == (ROOT, follows["id"])
