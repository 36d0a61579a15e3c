"""Dollars of a million calls, from what was measured and prices."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.cost import idle, page
from bench.cost.duration import milliseconds
from bench.cost.page import costs
from tests.support.templates import Function, functions, template

MEASURED = json.loads(page.FILE.read_bytes())
ROOT = Path(__file__).resolve().parents[3]
PRICES = json.loads((ROOT / "docs" / "prices.json").read_bytes())
READ: dict[str, Any] = {
    "routes": ["GET /v1/users/{user_id}"],
    "memory": 512,
    "cpu_ms": 2.0,
    "reads": 1.0,
    "writes": 0.0,
    "calls": {"dynamodb:GetItem": 1},
}


def test_cpu_time_stretches_as_memory_shrinks_and_waits_do_not() -> None:
    assert milliseconds({**READ, "memory": 1769}, 0) == pytest.approx(2.0 + 5)
    assert milliseconds({**READ, "memory": 1769 / 2}, 0) == pytest.approx(4.0 + 5)


def test_more_memory_than_a_processor_makes_nothing_faster() -> None:
    assert milliseconds({**READ, "memory": 4096}, 0) == milliseconds({**READ, "memory": 1769}, 0)


def test_a_million_reads_cost_what_the_price_lists_say() -> None:
    found = costs(READ, PRICES, 0)
    assert found["gateway"] == 3.5
    assert found["table"] == 0.125
    assert found["keys"] == 0
    seconds = milliseconds(READ, 0) * 1000
    assert found["lambda"] == pytest.approx(0.2 + seconds / 2 * 0.0000133334)


def test_signatures_are_dearer_than_encryptions_and_what_no_gateway_calls_pays_none() -> None:
    found = costs({**READ, "routes": [], "calls": {"kms:Sign": 1, "kms:Encrypt": 2}}, PRICES, 0)
    assert found["keys"] == 15 + 2 * 3
    assert found["gateway"] == 0


def idle_lines() -> dict[str, idle.Line]:
    return {line.what: line for line in idle.lines(MEASURED["schedules"], PRICES, MEASURED["overhead_ms"])}


def test_an_idle_month_counts_what_the_templates_have_where_they_are_nested() -> None:
    found = idle_lines()
    queues = [known for known in functions() if any("Queue" in str(event) for event in events_of(known, "SQS"))]
    assert found["queues that Lambda polls"].number == len(queues)
    assert found["schedules"].number == sum(bool(events_of(known, "ScheduleV2")) for known in functions())
    async_stack, queue = template(ROOT / "stacks" / "async.yaml"), template(ROOT / "stacks" / "queue.yaml")
    uses = sum(each.get("Properties", {}).get("Location") == "queue.yaml" for each in async_stack["Resources"].values())
    alarms = sum(each["Type"] == "AWS::CloudWatch::Alarm" for each in queue["Resources"].values())
    assert found["metrics that alarms watch"].number > uses * alarms > 0


def events_of(function: Function, kind: str) -> list[Any]:
    events = template(function.stack)["Resources"][function.name]["Properties"].get("Events", {})
    return [event for event in events.values() if event["Type"] == kind]


def test_an_idle_month_is_billed_at_the_prices() -> None:
    found = idle_lines()
    assert found["KMS keys"].dollars == found["KMS keys"].number * PRICES["kms"]["key_month"]
    assert found["metrics that alarms watch"].dollars == pytest.approx(found["metrics that alarms watch"].number * 0.1)
    # Five long polls of 20 seconds each, all the time.
    polls = 5 * 3 * 60 * 730 * found["queues that Lambda polls"].number
    assert found["queues that Lambda polls"].dollars == pytest.approx(polls / 1_000_000 * 0.4)


@pytest.mark.parametrize(
    ("expression", "runs"), [("rate(1 minute)", 43_800), ("rate(5 minutes)", 8_760), ("cron(17 2 * * ? *)", 31)]
)
def test_a_schedule_fires_as_often_as_it_says(expression: str, runs: int) -> None:
    assert idle.runs_a_month(expression) == runs


def test_a_schedule_that_cannot_be_read_and_a_resource_of_unknown_cost_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValueError, match="cron"):
        idle.runs_a_month("cron(0 */2 * * ? *)")
    monkeypatch.setattr(idle, "FREE", idle.FREE - {"AWS::DynamoDB::Table"})
    with pytest.raises(KeyError, match="AWS::DynamoDB::Table"):
        idle_lines()


def test_an_alarm_is_billed_by_the_metrics_that_its_expression_takes() -> None:
    assert idle._metrics({"MetricName": "Errors"}) == 1
    assert idle._metrics({"Metrics": [{"Expression": "a/b"}, {"MetricStat": {}}, {"MetricStat": {}}]}) == 2


def test_the_readme_says_what_an_idle_month_costs() -> None:
    total = sum(line.dollars for line in idle_lines().values())
    said = re.search(r"About \$(\d+) a month while nobody calls", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert said
    assert int(said[1]) == round(total), "the README is to name the sum in docs/cost.md"
