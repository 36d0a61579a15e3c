"""A stack that sends its traces to a collector of OpenTelemetry: one trace of a caller, through queues, whole."""

from collections.abc import Iterator

import pytest

from tests.e2e.client import Client
from tests.local.test_run import wait_until
from tests.support.otlp import Receiver, receiving
from tests.support.stack import RunningStack, start

pytestmark = pytest.mark.xdist_group("faults")
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ACCOUNT = {"email": "otto@example.com", "username": "otto.lp", "name": "Otto", "password": "Sunny-Day-12345"}
ENDS = {"POST /v1/auth/register", "SESv2.SendEmail"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def stack(receiver: Receiver) -> Iterator[RunningStack]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OTLP_URL", receiver.url)
        with start() as running:
            running.wait_for("ready", seconds=500)
            yield running


def test_a_callers_trace_leads_from_the_request_to_the_mail(stack: RunningStack, receiver: Receiver) -> None:
    caller = Client(stack.port, set(), headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    assert caller.post("/v1/auth/register", ACCOUNT).status == 201

    def names() -> set[str]:
        return {span.name for span in receiver.spans() if span.trace_id.hex() == TRACE}

    wait_until(lambda: names() >= ENDS, "the request and its mail are spans of the caller's trace", 60)
    spans = {span.span_id.hex(): span for span in receiver.spans() if span.trace_id.hex() == TRACE}
    (mail,) = [span for span in spans.values() if span.name == "SESv2.SendEmail"]
    path = [mail]
    while (parent := path[-1].parent_span_id.hex()) in spans:
        path.append(spans[parent])
    assert parent == CALLER
    assert path[-1].name == "POST /v1/auth/register"
    assert not [value for value in ACCOUNT.values() if value in str(receiver.requests)]


def test_requests_go_on_without_the_collector(stack: RunningStack, receiver: Receiver) -> None:
    receiver.server.shutdown()
    receiver.server.server_close()
    anyone = Client(stack.port, set(), headers={"traceparent": f"00-{TRACE}-{CALLER}-01"}, seconds=5)
    assert [anyone.get("/v1/products").status for _ in range(3)] == [200] * 3
