"""The trace of a request, as the front shows it: every step on the way, and what followed from it."""

from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, register, wait_until
from tests.support.receiver import receiver
from tests.support.stack import RunningStack, look

pytestmark = pytest.mark.xdist_group("stack")

SECONDS = 60

type Segments = list[dict[str, Any]]
type Trace = Callable[[str, str], Segments]


@pytest.fixture
def trace(stack: RunningStack) -> Trace:
    """The segments of the one trace of a correlation id, once the whole way to a call of this name is among them.

    What something is a part of ends after it, and so arrives after it.
    """

    def found(correlation_id: str) -> Segments:
        try:
            (only,) = look(f"{stack.url}/_local/traces/{correlation_id}")["traces"]
        except HTTPError:
            return []
        segments: Segments = only["segments"]
        return segments

    def wait(correlation_id: str, until: str) -> Segments:
        def is_whole() -> bool:
            segments = found(correlation_id)
            ways = [way_to(each, segments) for each in segments if each["name"] == until]
            return bool(ways) and all(way[-1]["name"] == "gateway" for way in ways)

        wait_until(is_whole, f"the way to {until} is traced", SECONDS)
        return found(correlation_id)

    return wait


def way_to(segment: dict[str, Any], segments: Segments) -> Segments:
    """A segment and what it is a part of, innermost first."""
    by_id = {each["id"]: each for each in segments}
    way = [segment]
    while (parent := by_id.get(way[-1].get("parent_id", ""))) is not None:
        way.append(parent)
    return way


def test_a_mail_is_in_the_trace_of_the_request_that_caused_it(anyone: Client, trace: Trace) -> None:
    correlation_id = f"trace-{uuid4().hex}"
    name = f"u{uuid4().hex[:12]}"
    body = {"email": f"{name}@example.com", "username": name, "name": "Traced", "password": PASSWORD}
    assert anyone.post("/v1/auth/register", body, headers={"X-Correlation-Id": correlation_id}).status == 201
    segments = trace(correlation_id, "SESv2")
    (mailing,) = [each for each in segments if each["name"] == "SESv2"]
    call, consumer, publisher, handler, gateway = way_to(mailing, segments)
    assert (call["namespace"], call["aws"]["operation"]) == ("aws", "SendEmail")
    assert consumer["annotations"]["event_type"] == publisher["annotations"]["event_type"] == "user.created"
    assert consumer["name"] != publisher["name"]
    assert handler["annotations"]["route"] == "POST /v1/auth/register"
    assert (gateway["name"], gateway["http"]["response"]["status"]) == ("gateway", 201)
    of_request = [each for each in segments if each.get("parent_id") == handler["id"] and each["name"] == "DynamoDB"]
    (write,) = [each["aws"] for each in of_request if each["aws"]["operation"] == "TransactWriteItems"]
    assert {"USER/USER", "USER/EVENT"} <= set(write["item_kinds"])
    assert write["consumed_capacity"] > 0
    assert name not in str(segments)


def test_a_webhook_is_in_the_trace_of_the_request_that_caused_it(
    anyone: Client, trace: Trace, secrets: set[str]
) -> None:
    correlation_id = f"trace-{uuid4().hex}"
    me = anyone.signed_in(register(anyone)["email"], PASSWORD)
    with receiver() as endpoint:
        made = me.post("/v1/webhooks", {"url": endpoint.url("/hook"), "events": ["user.updated"]})
        secrets.add(made.data["secret"])
        headers = {"X-Correlation-Id": correlation_id}
        assert me.patch("/v1/users/me", {"name": "Traced"}, headers=headers).status == 200
        (got,) = endpoint.wait_for("/hook", 1)
        assert "trace" not in got.event
        segments = trace(correlation_id, "127.0.0.1")
    (sending,) = [each for each in segments if each["name"] == "127.0.0.1"]
    request, delivering, dispatching, publishing, handler, gateway = way_to(sending, segments)
    assert request["namespace"] == "remote"
    assert len({delivering["name"], dispatching["name"], publishing["name"]}) == 3
    assert handler["annotations"]["route"] == "PATCH /v1/users/me"
    assert gateway["name"] == "gateway"


def test_a_request_that_is_not_sampled_is_not_traced(anyone: Client, stack: RunningStack, trace: Trace) -> None:
    silent, heard = f"trace-{uuid4().hex}", f"trace-{uuid4().hex}"
    not_sampled = {"X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"}
    assert anyone.get("/health", headers={"X-Correlation-Id": silent, **not_sampled}).status == 200
    assert anyone.get("/health", headers={"X-Correlation-Id": heard}).status == 200
    trace(heard, "gateway")
    with pytest.raises(HTTPError, match="404"):
        look(f"{stack.url}/_local/traces/{silent}")
