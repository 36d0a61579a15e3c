"""Objectives: every endpoint has one class, which counts it, and alarms are raised at the burn rates that they name."""

import fnmatch
import json
import re
from typing import Any

import pytest

from docs.build.slo.alarms import pattern
from operations.slo import BURN_RATES, CLASSES, OUTSIDE, EndpointClass, class_of
from tests.support.templates import ROOT, functions, template

STACK = ROOT / "stacks" / "objectives.yaml"
ROUTES = sorted({(route.method, route.path) for function in functions() for route in function.routes})


def resources(kind: str) -> dict[str, Any]:
    found = template(STACK)["Resources"].items()
    return {name: each["Properties"] for name, each in found if each["Type"] == f"AWS::{kind}"}


def counts(filter_pattern: str, line: dict[str, object]) -> bool:
    """Whether CloudWatch Logs matches a line: its comparisons by `=`, `!=` and `>`, with `*` for any text."""

    def compared(found: re.Match[str]) -> str:
        field, operator, value = found.groups()
        if operator == ">":
            return str(float(str(line[field])) > float(value))
        return str(fnmatch.fnmatchcase(str(line[field]), value.strip('"').replace("[", "[[]")) is (operator == "="))

    written = re.sub(r'\$\.(\w+) (=|!=|>) ("[^"]*"|\d+)', compared, filter_pattern.strip("{} "))
    assert not set(re.findall(r"\w+", written)) - {"True", "False"}
    return bool(eval(written.replace("&&", "and").replace("||", "or")))  # noqa: S307 (nothing is left but truth values)


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_every_endpoint_is_counted_in_its_class_alone_or_is_known_to_have_no_objective(method: str, route: str) -> None:
    line = {"method": method, "route": route, "status": "200", "milliseconds": 1}
    counted = [each for each in CLASSES if counts(pattern(each), line)]
    assert counted == [each for each in [class_of(method, route)] if each]
    assert bool(counted) != (route == "/" or route.startswith(OUTSIDE))


@pytest.mark.parametrize("chosen", CLASSES, ids=lambda each: each.name)
def test_a_class_counts_server_errors_and_what_is_slower_than_its_objective(chosen: EndpointClass) -> None:
    filters = {name: each["FilterPattern"] for name, each in resources("Logs::MetricFilter").items()}
    method, route = next(each for each in ROUTES if class_of(*each) == chosen)

    def bad(status: str, milliseconds: int) -> tuple[bool, bool]:
        line = {"method": method, "route": route, "status": status, "milliseconds": milliseconds}
        assert counts(filters[f"{chosen.name}Requests"], line)
        return counts(filters[f"{chosen.name}Faults"], line), counts(filters[f"{chosen.name}Slow"], line)

    assert bad("200", chosen.slow_ms) == (False, False)
    assert bad("429", chosen.slow_ms + 1) == (False, True)
    assert bad("503", 1) == (True, False)


def test_filters_stay_within_the_quotas_of_cloudwatch_logs() -> None:
    filters = resources("Logs::MetricFilter").values()
    assert len(filters) <= 100
    assert max(len(each["FilterPattern"]) for each in filters) <= 1024


def test_the_access_log_writes_the_fields_that_the_filters_read() -> None:
    setting = template(ROOT / "template.yaml")["Resources"]["Api"]["Properties"]["AccessLogSetting"]
    written = setting["Fn::If"][1]["Format"]
    assert '"milliseconds":$context.responseLatency' in written, "a metric filter compares numbers, not texts"
    read = {field for each in resources("Logs::MetricFilter").values() for field in re.findall(r"\$\.(\w+)", str(each))}
    assert {field for field in read if f'"{field}":' not in written} == set()


@pytest.mark.parametrize("chosen", CLASSES, ids=lambda each: each.name)
@pytest.mark.parametrize("rate", BURN_RATES, ids=lambda each: each.name)
def test_a_burn_rate_alarm_combines_a_long_and_a_short_window_of_the_class(chosen: EndpointClass, rate: Any) -> None:
    name = f"{chosen.name}{rate.name}Burn"
    combined = resources("CloudWatch::CompositeAlarm")[f"{name}Alarm"]
    assert combined["AlarmRule"] == {"Fn::Sub": f'ALARM("${{{name}LongAlarm}}") AND ALARM("${{{name}ShortAlarm}}")'}
    for window, minutes in (("Long", rate.long_minutes), ("Short", rate.short_minutes)):
        alarm = resources("CloudWatch::Alarm")[f"{name}{window}Alarm"]
        stats = [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each]
        assert {each["Period"] for each in stats} == {minutes * 60}
        assert alarm["Threshold"] == rate.rate


@pytest.mark.parametrize(
    ("faults", "slow", "requests", "raised"),
    [
        (4, 0, 10, False),
        (15, 0, 1000, True),
        (14, 0, 1000, False),
        (0, 140, 1000, False),
        (0, 145, 1000, True),
        (5, 0, 10, True),
    ],
)
def test_the_long_window_of_a_fast_burn_is_exceeded_from_14_times_the_budget(
    faults: int, slow: int, requests: int, *, raised: bool
) -> None:
    alarm = resources("CloudWatch::Alarm")["ReadsFastBurnLongAlarm"]
    expression = alarm["Metrics"][0]["Expression"].replace("IF(", "_if(").replace("MAX(", "max(")
    known = {"_if": lambda test, yes, no: yes if test else no, "max": max, "faults": faults, "slow": slow}
    burned = eval(expression, {**known, "requests": requests})  # noqa: S307 (the metric math of our own template)
    assert (burned > alarm["Threshold"]) is raised


def test_a_fast_burn_has_spent_two_percent_of_the_budget_and_a_slow_one_five() -> None:
    assert [round(rate.spent, 3) for rate in BURN_RATES] == [0.02, 0.05]


def test_the_dashboard_is_json_and_shows_requests_saturation_and_business() -> None:
    body = json.loads(resources("CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"])
    shown = json.dumps(body)
    for metric in (
        "ReadsRequests",
        "OrdersFaults",
        "SignInSlow",
        "GraphqlMilliseconds",
        "Registrations",
        "OrdersPlaced",
    ):
        assert metric in shown
    for metric in ("Revenue", "IteratorAge", "ReadThrottleEvents", "ApproximateAgeOfOldestMessage", "projection_lag"):
        assert metric in shown
    places = [(each["x"], each["y"]) for each in body["widgets"]]
    assert len(set(places)) == len(places)


def test_the_dashboard_shows_every_index_of_the_table() -> None:
    table = template(ROOT / "stacks" / "data.yaml")["Resources"]["Table"]["Properties"]
    body = resources("CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    assert all(f'"{index["IndexName"]}"' in body for index in table["GlobalSecondaryIndexes"])
