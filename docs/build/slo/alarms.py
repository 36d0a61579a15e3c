"""The metrics of the objectives, and the alarms that watch them."""

from collections.abc import Iterator, Mapping
from typing import Any

from operations.slo import BURN_RATES, FEWEST_BAD, BurnRate, EndpointClass, before

type Resources = dict[str, dict[str, Any]]

RUNBOOK = "docs/runbooks"
NOTIFY = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}
COUNTS = ("Requests", "Faults", "Slow")
"""What is counted for each class, of which all have a metric filter."""


def resources_of(chosen: EndpointClass) -> Resources:
    """Return the metric filters and alarms of a class."""
    return {
        **_filters(chosen),
        f"{chosen.name}ErrorsAlarm": _errors(chosen),
        f"{chosen.name}LatencyAlarm": _latency(chosen),
        **{name: resource for rate in BURN_RATES for name, resource in _burning(chosen, rate)},
    }


def pattern(chosen: EndpointClass) -> str:
    """Return the condition of a metric filter for the lines of the access log that belong to a class."""
    parts = [_any("route", [f"{start}*" for start in chosen.routes])]
    if chosen.methods:
        parts.append(_any("method", chosen.methods))
    parts += [f'($.route != "{start}*")' for start in before(chosen)]
    return " && ".join(parts)


def _any(field: str, values: tuple[str, ...] | list[str]) -> str:
    return "(" + " || ".join(f'$.{field} = "{value}"' for value in values) + ")"


def _filters(chosen: EndpointClass) -> Resources:
    belongs = pattern(chosen)
    counted = {
        "Requests": belongs,
        "Faults": f'{belongs} && ($.status = "5*")',
        "Slow": f"{belongs} && ($.milliseconds > {chosen.slow_ms})",
    }
    made = {f"{chosen.name}{name}": _filter(f"{chosen.name}{name}", what, "1") for name, what in counted.items()}
    return {**made, f"{chosen.name}Milliseconds": _filter(f"{chosen.name}Milliseconds", belongs, "$.milliseconds")}


def _filter(name: str, what: str, value: str) -> dict[str, Any]:
    metric: dict[str, Any] = {"MetricNamespace": {"Ref": "ApiName"}, "MetricName": name, "MetricValue": value}
    if value == "1":
        metric["DefaultValue"] = 0
    return {
        "Type": "AWS::Logs::MetricFilter",
        "Properties": {
            "LogGroupName": {"Ref": "AccessLogs"},
            "FilterPattern": f"{{ {what} }}",
            "MetricTransformations": [metric],
        },
    }


def _alarm(description: str, page: str, **properties: object) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": f"{description} Runbook: {RUNBOOK}/{page}.md",
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            **properties,
        },
    }


def _errors(chosen: EndpointClass) -> dict[str, Any]:
    return _alarm(
        f"{chosen.name}: more than {FEWEST_BAD - 1} responses in five minutes are 5XX.",
        "errors",
        Namespace={"Ref": "ApiName"},
        MetricName=f"{chosen.name}Faults",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=FEWEST_BAD - 1,
        AlarmActions=NOTIFY,
    )


def _latency(chosen: EndpointClass) -> dict[str, Any]:
    share = 10
    return _alarm(
        f"{chosen.name}: more than {share} % of the requests take over {chosen.slow_ms} ms.",
        "latency",
        Metrics=[
            {"Id": "share", "Expression": f"IF(slow >= {FEWEST_BAD}, 100 * slow / requests, 0)", "Label": "slow, in %"},
            _metric("slow", chosen, 60),
            _metric("requests", chosen, 60),
        ],
        EvaluationPeriods=5,
        DatapointsToAlarm=3,
        Threshold=share,
        AlarmActions=NOTIFY,
    )


def _burning(chosen: EndpointClass, rate: BurnRate) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the alarms of both windows, which notify nobody, and the one that combines them."""
    windows = {"Long": rate.long_minutes, "Short": rate.short_minutes}
    for name, minutes in windows.items():
        logical = f"{chosen.name}{rate.name}Burn{name}Alarm"
        yield logical, _window(chosen, rate, minutes, fewest=FEWEST_BAD if name == "Long" else 1)
    both = " AND ".join(f'ALARM("${{{chosen.name}{rate.name}Burn{name}Alarm}}")' for name in windows)
    yield (
        f"{chosen.name}{rate.name}BurnAlarm",
        {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "Properties": {
                "AlarmName": {"Fn::Sub": f"${{ApiName}}-{chosen.name}{rate.name}Burn"},
                "AlarmDescription": f"{chosen.name}: the error budget burns {rate.rate:g} times too fast; "
                f"{rate.spent:.0%} of a month's are gone. {rate.reaction.capitalize()}. "
                f"Runbook: {RUNBOOK}/burn-rate.md",
                "AlarmRule": {"Fn::Sub": both},
                "AlarmActions": NOTIFY,
            },
        },
    )


def _window(chosen: EndpointClass, rate: BurnRate, minutes: int, *, fewest: int) -> dict[str, Any]:
    """Return the alarm of a window, on the objective that burns faster."""
    expression = f"IF(faults + slow >= {fewest}, MAX([{burn('faults', chosen)}, {burn('slow', chosen)}]), 0)"
    return _alarm(
        f"{chosen.name}: burn rate above {rate.rate:g} within {minutes} minutes; a part of the {rate.name.lower()} "
        "burn alarm.",
        "burn-rate",
        Metrics=[
            {"Id": "burn", "Expression": expression, "Label": "burn rate"},
            *(_metric(name, chosen, minutes * 60) for name in ("faults", "slow", "requests")),
        ],
        EvaluationPeriods=1,
        Threshold=rate.rate,
    )


def burn(bad: str, chosen: EndpointClass) -> str:
    """Return the metric math of a burn rate: of `faults` or of `slow`."""
    objective = chosen.availability if bad == "faults" else chosen.within
    return f"{bad} / requests / {round(1 - objective, 6):g}"


def _metric(name: str, chosen: EndpointClass, seconds: int) -> Mapping[str, Any]:
    metric = {"Namespace": {"Ref": "ApiName"}, "MetricName": f"{chosen.name}{name.capitalize()}"}
    return {"Id": name, "ReturnData": False, "MetricStat": {"Metric": metric, "Period": seconds, "Stat": "Sum"}}
