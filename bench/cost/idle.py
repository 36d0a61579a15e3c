"""The cost of an idle month, counted from the templates as they are deployed to AWS."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from bench import ROOT
from bench.cost.duration import milliseconds
from tests.support.templates import functions, template

MONTH_SECONDS = 730 * 3600
"""Hours of a month in AWS's price lists."""
POLLERS = 5
"""Connections that Lambda keeps to an idle queue, each with a long poll of 20 s (Lambda developer guide, "SQS")."""
POLLS = POLLERS * MONTH_SECONDS // 20
RUN_LOG_BYTES = 1500
"""Size of the log lines of a run of a schedule, Lambda's and ours, as CloudWatch Logs counts them."""
MILLION, GIGABYTE = 1_000_000, 1_000_000_000
NESTED = "AWS::Serverless::Application"
MONTHLY = {
    "AWS::KMS::Key": ("KMS keys", "kms", "key_month"),
    "AWS::SecretsManager::Secret": ("secrets", "secrets_manager", "secret_month"),
    "AWS::CloudWatch::CompositeAlarm": ("composite alarms", "cloudwatch", "composite_alarm_month"),
    "AWS::CloudWatch::Dashboard": ("dashboards", "cloudwatch", "dashboard_month"),
    "AWS::WAFv2::WebACL": ("firewalls", "waf", "acl_month"),
}
"""Resources with a monthly price: their title, and the key of the price."""
FREE = {
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CE::AnomalySubscription",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::Serverless::Api",
    "AWS::Serverless::LayerVersion",
    "AWS::Serverless::StateMachine",
    "AWS::WAFv2::WebACLAssociation",
}
"""Resources that are billed by use only."""


@dataclass(frozen=True)
class Line:
    """A line of the monthly cost.

    Attributes:
        number: how many there are.
        what: description.
        dollars: for all of them.
    """

    number: int
    what: str
    dollars: float


def lines(runs: Mapping[str, Mapping[str, Any]], prices: Mapping[str, Any], overhead_ms: float) -> list[Line]:
    """Return the cost of an idle month, line by line.

    Args:
        runs: measurement of an idle run of each schedule, by place (`measurement`).
        prices: of one day.
        overhead_ms: CPU time of every call that is not part of the measurement.

    Raises:
        KeyError: for an unknown type of resource.
    """
    counted, metrics, polled, schedules = Counter[str](), 0, 0, Counter[str]()
    for kind, properties, place in _resources(ROOT / "template.yaml", {"OnAws": "true"}):
        if kind == "AWS::CloudWatch::Alarm":
            metrics += _metrics(properties)
        elif kind == "AWS::Serverless::Function":
            events = properties.get("Events", {}).values()
            polled += sum(event["Type"] == "SQS" for event in events)
            for event in events:
                if event["Type"] in {"Schedule", "ScheduleV2"}:
                    expression = event["Properties"].get("ScheduleExpression") or event["Properties"]["Schedule"]
                    schedules[place] += runs_a_month(expression)
        elif kind in MONTHLY:
            counted[kind] += 1
        elif kind not in FREE:
            raise KeyError(f"bench/cost/idle.py has no idle cost for {kind}: add it")
    watched = prices["cloudwatch"]["alarm_metric_month"] * metrics
    polls = POLLS * polled / MILLION * prices["sqs"]["million_requests"]
    each = {place: _run(figure, prices, overhead_ms) for place, figure in runs.items()}
    # One that was added since the measurement is taken for the dearest of the others.
    started = sum(each.get(place, max(each.values())) * number for place, number in schedules.items())
    return [
        *(Line(n, MONTHLY[kind][0], n * prices[MONTHLY[kind][1]][MONTHLY[kind][2]]) for kind, n in counted.items()),
        Line(metrics, "metrics that alarms watch", watched),
        Line(polled, "queues that Lambda polls", polls),
        Line(len(schedules), "schedules", started),
    ]


def metric_filters() -> int:
    """Return the number of log filters: each makes a metric while its log group has lines."""
    deployed = _resources(ROOT / "template.yaml", {"OnAws": "true"})
    return sum(kind == "AWS::Logs::MetricFilter" for kind, *_ in deployed)


def runs_a_month(expression: str) -> int:
    """Return how often a schedule fires in a month: `rate(5 minutes)`, or `cron(…)` with one time a day.

    Raises:
        ValueError: for any other expression.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return MONTH_SECONDS // (int(rate[1]) * {"minute": 60, "hour": 3600, "day": 86400}[rate[2]])
    if re.fullmatch(r"cron\(\d+ \d+ (\* \* \?|\? \* \*) \*\)", expression):
        return ceil(MONTH_SECONDS / 86400)
    raise ValueError(f"bench/cost/idle.py does not know how often {expression} fires")


def _run(figure: Mapping[str, Any], prices: Mapping[str, Any], overhead_ms: float) -> float:
    """Return the dollars of an idle run of a schedule, including its invocation, log and trace."""
    lambda_, table = prices["lambda_arm64"], prices["dynamodb_on_demand"]
    gigabyte_seconds = milliseconds(figure, overhead_ms) / 1000 * figure["memory"] / 1024
    by_the_million = (
        lambda_["million_requests"]
        + prices["scheduler"]["million_invocations"]
        + prices["xray"]["million_traces"]
        + figure["reads"] * table["million_read_request_units"]
        + figure["writes"] * table["million_write_request_units"]
    )
    logged = RUN_LOG_BYTES / GIGABYTE * prices["cloudwatch"]["gigabyte_of_logs"]
    return float(by_the_million / MILLION + gigabyte_seconds * lambda_["gb_second"] + logged)


def _metrics(alarm: Mapping[str, Any]) -> int:
    """Return the number of metrics that an alarm is billed for: those of its expression, or one."""
    return sum("MetricStat" in query for query in alarm.get("Metrics", [])) or 1


def _resources(stack: Path, parameters: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Yield type, properties and place (of a function) of every resource, those of nested stacks each time they are."""
    content = template(stack)
    defaults = {name: str(each.get("Default", "?")) for name, each in content["Parameters"].items()}
    known = {**defaults, **parameters}
    conditions = content.get("Conditions", {})
    places = {function.name: function.place for function in functions() if function.stack == stack}
    for name, resource in content["Resources"].items():
        if "Condition" in resource and not _holds(conditions[resource["Condition"]], known, conditions):
            continue
        properties = resource.get("Properties", {})
        if resource["Type"] == NESTED:
            given = {key: _text(value, known) for key, value in properties.get("Parameters", {}).items()}
            yield from _resources((stack.parent / properties["Location"]).resolve(), given)
        else:
            yield resource["Type"], properties, places.get(name, "")


def _holds(written: Mapping[str, Any], known: Mapping[str, str], conditions: Mapping[str, Any]) -> bool:
    """Evaluate a condition of a template."""
    (operator, operands), *_ = written.items()
    match operator:
        case "Condition":
            return _holds(conditions[operands], known, conditions)
        case "Fn::Equals":
            return _text(operands[0], known) == _text(operands[1], known)
        case "Fn::Not":
            return not _holds(operands[0], known, conditions)
        case "Fn::And":
            return all(_holds(each, known, conditions) for each in operands)
        case "Fn::Or":
            return any(_holds(each, known, conditions) for each in operands)
        case _:
            raise ValueError(f"bench/cost/idle.py knows no condition {operator}")


def _text(written: object, known: Mapping[str, str]) -> str:
    """Return the value of an expression of a template, or `?` if only AWS knows it."""
    if isinstance(written, Mapping):
        return known.get(str(written.get("Ref")), "?")
    return str(written)
