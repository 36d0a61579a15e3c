"""The metrics of the local stack: every line is of Prometheus' format, and counts what was logged once."""

import json
import re
from typing import Any

import pytest

from local import metrics
from local.account import Account
from local.metrics import BUCKETS, Collected, sample, snake
from local.stack import Stack

LINE = re.compile(
    r'# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[0-9.]+(e[+-]\d+)?|\+Inf|NaN)'
)
ACCOUNT = Account("http://127.0.0.1:1", "id", "secret")


def request(milliseconds: float, *, route: str = "/v1/users/me", status: int = 200) -> str:
    directive = {"Namespace": "lamina", "Dimensions": [["service"]], "Metrics": [{"Name": "milliseconds"}]}
    facts = {"message": "request", "method": "GET", "route": route, "status": status, "milliseconds": milliseconds}
    return json.dumps({**facts, "_aws": {"CloudWatchMetrics": [directive]}})


def published(number: float, **dimensions: str) -> str:
    names = [["service", *dimensions]]
    directive = {"Namespace": "lamina", "Dimensions": names, "Metrics": [{"Name": "EventsPublished", "Unit": "Count"}]}
    facts = {"service": "lamina", "EventsPublished": [number], **dimensions}
    return json.dumps({**facts, "_aws": {"CloudWatchMetrics": [directive]}})


class Logs:
    """CloudWatch Logs with one group."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def write(self, message: str, timestamp: int) -> None:
        self.events.append({"logStreamName": "stream", "timestamp": timestamp, "message": message})

    def describe_log_groups(self) -> dict[str, Any]:
        return {"logGroups": [{"logGroupName": "group"}]}

    def get_paginator(self, _: str) -> "Logs":
        return self

    def paginate(self, *, logGroupName: str, startTime: int) -> list[dict[str, Any]]:  # noqa: N803 (boto3's names)
        assert logGroupName == "group"
        return [{"events": [event for event in self.events if event["timestamp"] >= startTime]}]


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    made = Logs()
    monkeypatch.setattr(metrics, "client", lambda *_: made)
    monkeypatch.setattr(metrics, "queues", lambda *_: [])
    return made


def values(text: str) -> dict[str, float]:
    lines = text.splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_what_the_line_of_a_request_counts_besides_is_a_metric(logs: Logs) -> None:
    line = json.loads(request(24))
    counted = {"Namespace": "lamina", "Dimensions": [["service"]], "Metrics": [{"Name": "CacheHits", "Unit": "Count"}]}
    line["_aws"]["CloudWatchMetrics"].append(counted)
    logs.write(json.dumps({**line, "service": "lamina", "CacheHits": 2}), 1)
    found = values(Collected().text(ACCOUNT, Stack("api")))
    assert found["lamina_cache_hits_total"] == 2
    assert not any(name.startswith("lamina_milliseconds") for name in found)


def test_requests_are_counted_by_route_and_status_with_a_histogram(logs: Logs) -> None:
    for milliseconds, status in ((24, 200), (25, 200), (600, 500), (20_000, 200)):
        logs.write(request(milliseconds, status=status), 1)
    found = values(Collected().text(ACCOUNT, Stack("api")))
    route = 'method="GET",route="/v1/users/me"'
    assert found[f'lamina_requests_total{{{route},status="200"}}'] == 3
    assert found[f'lamina_requests_total{{{route},status="500"}}'] == 1
    histogram = {bound: found[f'lamina_request_duration_seconds_bucket{{{route},le="{bound}"}}'] for bound in BUCKETS}
    assert (histogram[0.025], histogram[0.5], histogram[1], histogram[10]) == (2, 2, 3, 3)
    assert found[f'lamina_request_duration_seconds_bucket{{{route},le="+Inf"}}'] == 4
    assert found[f"lamina_request_duration_seconds_count{{{route}}}"] == 4
    assert found[f"lamina_request_duration_seconds_sum{{{route}}}"] == pytest.approx(20.649)


def test_a_line_is_counted_once_even_if_it_comes_late(logs: Logs) -> None:
    collected = Collected()
    logs.write(published(2), 10_000)
    assert values(collected.text(ACCOUNT, Stack("api")))["lamina_events_published_total"] == 2
    logs.write(published(1), 9_000)
    assert values(collected.text(ACCOUNT, Stack("api")))["lamina_events_published_total"] == 3
    logs.write(published(4), 30_000)
    assert values(collected.text(ACCOUNT, Stack("api")))["lamina_events_published_total"] == 7
    assert values(collected.text(ACCOUNT, Stack("api")))["lamina_events_published_total"] == 7


def test_dimensions_become_labels_and_other_lines_are_ignored(logs: Logs) -> None:
    for message in ("no JSON", '{"_aws": 1}', "[1]", '"_aws"', published(5, currency="EUR")):
        logs.write(message, 1)
    found = values(Collected().text(ACCOUNT, Stack("api")))
    assert found == {'lamina_events_published_total{currency="EUR"}': 5}


def test_labels_are_escaped_and_names_are_in_snake_case() -> None:
    assert sample("a", (("b", 'x"\\\n'),), 1) == 'lamina_a{b="x\\"\\\\\\n"} 1'
    assert snake("OrdersPlaced") == "orders_placed"
