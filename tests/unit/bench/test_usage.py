"""Dollars of a month: what users do, what that causes, and prices."""

import json
from itertools import pairwise
from typing import Any

import pytest

from bench.cost import idle, page, usage
from bench.cost.duration import milliseconds
from bench.cost.usage import USAGE, month, of_call, of_user, traces

MEASURED = json.loads(page.FILE.read_bytes())
PRICES = json.loads(page.PRICES.read_bytes())


def figure(**amounts: Any) -> dict[str, Any]:
    nothing = {"runs": 1, "memory": 512, "cpu_ms": 2.0, "reads": 0.0, "writes": 0.0, "calls": {}, "metrics": []}
    return {**nothing, "routes": [], "authorized": False, "logged": 0, "answered": 0, "stored": 0, **amounts}


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The measurements of a usage of two calls, one of which causes something."""
    monkeypatch.setattr(usage, "USAGE", {"a/read": (10, ""), "a/write": (2, "")})
    consumer = figure(runs=3, writes=6.0, calls={"sesv2:SendEmail": 2}, metrics=["One service=lamina"])
    return {
        "overhead_ms": 0.5,
        "schedules": MEASURED["schedules"],
        "endpoints": {
            "a/read": figure(reads=4.0, logged=1000, answered=2000, metrics=["One service=lamina"]),
            "a/write": figure(writes=8.0, stored=500, calls={"kms:Sign": 1, "kms:Encrypt": 2}, authorized=True),
            usage.AUTHORIZER: figure(reads=2.0, writes=1.0, logged=600, metrics=["Two service=lamina"]),
        },
        "causes": {
            "a/read": {"events": 0, "messages": 0, "transitions": 0, "functions": {}},
            "a/write": {"events": 1, "messages": 4, "transitions": 7, "functions": {"consumers/some": consumer}},
        },
    }


def test_a_call_is_billed_with_its_authorizer_and_all_that_it_causes(data: dict[str, Any]) -> None:
    found = {purpose: dollars * 1_000_000 for purpose, dollars in of_call("a/write", data, PRICES).items()}
    assert found["API Gateway"] == pytest.approx(3.5)
    assert found["DynamoDB requests"] == pytest.approx(2 * 0.125 + (8 + 1 + 6) * 0.625)
    assert found["KMS"] == pytest.approx(15 + 2 * 3)
    assert found["EventBridge"] == pytest.approx(1)
    assert found["SQS"] == pytest.approx(4 * 3 * 0.4)
    assert found["Step Functions"] == pytest.approx(7 * 25)
    assert found["SES"] == pytest.approx(2 * 100)
    assert found["DynamoDB storage, after a year"] == pytest.approx(500 * (0.25 + 0.2) / 1000)
    assert found["Data transfer"] == 0


def test_each_run_of_a_function_is_a_request_with_its_own_overhead(data: dict[str, Any]) -> None:
    endpoint, consumer = data["endpoints"]["a/write"], data["causes"]["a/write"]["functions"]["consumers/some"]
    authorizer = data["endpoints"][usage.AUTHORIZER]
    waited = milliseconds(endpoint, 0.5) + milliseconds(authorizer, 0.5) + milliseconds(consumer, 3 * 0.5)
    expected = 5 * 0.2 / 1_000_000 + waited / 1000 / 2 * 0.0000133334
    assert of_call("a/write", data, PRICES)["Lambda"] == pytest.approx(expected)


def test_logs_are_those_of_functions_and_of_the_gateway_and_are_kept_for_three_months(data: dict[str, Any]) -> None:
    found = of_call("a/read", data, PRICES)
    gigabytes = (1000 + usage.access_log_bytes()) / 1_000_000_000
    assert found["CloudWatch Logs"] == pytest.approx(gigabytes * (0.5 + 3 * 0.03))
    assert found["Data transfer"] == pytest.approx(2000 / 1_000_000_000 * 0.09)
    assert usage.access_log_bytes() > 300


def test_a_user_costs_its_calls_as_often_as_it_makes_them(data: dict[str, Any]) -> None:
    read, write = (of_call(place, data, PRICES) for place in ("a/read", "a/write"))
    assert of_user(data, PRICES) == {
        purpose: pytest.approx(10 * read[purpose] + 2 * write[purpose]) for purpose in read
    }


def test_what_is_billed_by_use_grows_with_the_users_and_the_rest_does_not(data: dict[str, Any]) -> None:
    one, ten = month(10_000, data, PRICES), month(100_000, data, PRICES)
    fixed = {usage.IDLE, "CloudWatch metrics"}
    assert {purpose for purpose in one if one[purpose] == ten[purpose]} == fixed
    assert 0 < ten["SQS"] == pytest.approx(10 * one["SQS"])
    assert one["X-Ray traces"] == pytest.approx(120_000 / 1_000_000 * 5)


def test_nobody_costs_an_idle_month(data: dict[str, Any]) -> None:
    found = month(0, data, PRICES)
    lines = idle.lines(data["schedules"], PRICES, data["overhead_ms"])
    assert sum(found.values()) == found[usage.IDLE] == pytest.approx(sum(line.dollars for line in lines))


def test_a_metric_is_billed_once_whoever_writes_it(data: dict[str, Any]) -> None:
    assert usage.metrics(data) == {"One service=lamina", "Two service=lamina"}
    assert month(1, data, PRICES)["CloudWatch metrics"] == pytest.approx((2 + idle.metric_filters()) * 0.3)


def test_traces_are_one_a_second_and_a_twentieth_of_the_rest() -> None:
    assert traces(1000) == 1000
    assert traces(730 * 3600 + 1000) == pytest.approx(730 * 3600 + 50)


def test_every_call_of_the_usage_and_what_it_causes_is_measured() -> None:
    assert MEASURED["causes"].keys() == USAGE.keys()
    assert MEASURED["endpoints"].keys() >= USAGE.keys()


def test_the_columns_of_each_table_of_the_page_have_names_of_their_own() -> None:
    lines = page.TARGET.read_text(encoding="utf-8").splitlines()
    heads = [line for line, below in pairwise(lines) if below.startswith("| ---")]
    assert len(heads) == 4
    for head in heads:
        names = [name.strip() for name in head.strip("|").split("|")]
        assert len(set(names)) == len(names), head
