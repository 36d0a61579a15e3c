"""The dashboard: requests by class of endpoint, saturation of what they share, and business figures."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from docs.build.slo.alarms import burn
from lamina.events.business_metrics import COUNTS, REFUNDS, REVENUE
from lamina.observability import SERVICE
from lamina.observability.metrics import NAMESPACE
from operations.slo import BURN_RATES, CLASSES

WIDTH, HEIGHT, COLUMNS = 8, 6, 3
MINUTE = 60
type Metric = list[Any]
OF_TABLE = ["TableName", "${TableName}"]
INDEXES = ("gsi1", "gsi2", "gsi3", "gsi4")


def dashboard() -> dict[str, Any]:
    """Return the resource."""
    widgets = [
        {"type": "metric", "width": WIDTH, "height": HEIGHT, **_position(number), "properties": properties}
        for number, properties in enumerate([*_requests(), *_saturation(), *_business()])
    ]
    body = json.dumps({"widgets": widgets}, indent=1)
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardName": {"Ref": "ApiName"}, "DashboardBody": {"Fn::Sub": body}},
    }


def _position(number: int) -> dict[str, int]:
    return {"x": number % COLUMNS * WIDTH, "y": number // COLUMNS * HEIGHT}


def _widget(title: str, metrics: Sequence[Metric], *, stat: str = "Sum", period: int = MINUTE) -> dict[str, Any]:
    return {"title": title, "region": "${AWS::Region}", "stat": stat, "period": period, "metrics": list(metrics)}


def _requests() -> Iterator[dict[str, Any]]:
    """Yield rate, errors and duration by class, and how fast each class spends its error budget."""
    yield _widget(
        "Requests a minute", [["${ApiName}", f"{each.name}Requests", {"label": each.name}] for each in CLASSES]
    )
    yield _widget("5XX, in %", [line for each in CLASSES for line in _share(each.name, "Faults")])
    yield _widget("Slower than the objective, in %", [line for each in CLASSES for line in _share(each.name, "Slow")])
    for stat in ("p50", "p99"):
        lines = [["${ApiName}", f"{each.name}Milliseconds", {"label": each.name}] for each in CLASSES]
        yield _widget(f"Latency at the gateway, {stat}, in ms", lines, stat=stat)
    hour = BURN_RATES[0].long_minutes * MINUTE
    yield _widget("Burn rate of an hour", [line for each in CLASSES for line in _burning(each.name)], period=hour)


def _share(name: str, bad: str) -> Iterator[Metric]:
    requests, counted = f"requests{name}", f"bad{name}"
    yield ["${ApiName}", f"{name}Requests", {"id": requests, "visible": False}]
    yield ["${ApiName}", f"{name}{bad}", {"id": counted, "visible": False}]
    yield [{"expression": f"100 * {counted} / {requests}", "label": name, "id": f"share{name}"}]


def _burning(name: str) -> Iterator[Metric]:
    chosen = next(each for each in CLASSES if each.name == name)
    for metric in ("Requests", "Faults", "Slow"):
        yield ["${ApiName}", f"{name}{metric}", {"id": f"{metric.lower()}{name}", "visible": False}]
    rates = [
        burn(bad, chosen).replace("requests", f"requests{name}").replace(bad, f"{bad}{name}")
        for bad in ("faults", "slow")
    ]
    yield [{"expression": f"MAX([{', '.join(rates)}])", "label": name, "id": f"burn{name}"}]


def _saturation() -> Iterator[dict[str, Any]]:
    """Yield the table, the queues, the streams and the concurrency."""
    units = ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"]
    yield _widget("Table: units a minute", [["AWS/DynamoDB", unit, *OF_TABLE] for unit in units])
    throttled = [
        ["AWS/DynamoDB", metric, *OF_TABLE, *index]
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents")
        for index in ([], *(["GlobalSecondaryIndexName", name] for name in INDEXES))
    ]
    yield _widget("Table and indexes: throttled calls", throttled)
    queues = "{AWS/SQS,QueueName} ${ApiName}"
    yield _widget(
        "Queues: age of the oldest message, in s",
        _search(f'{queues} MetricName="ApproximateAgeOfOldestMessage"', "Maximum"),
    )
    yield _widget(
        "Queues: waiting messages", _search(f'{queues} MetricName="ApproximateNumberOfMessagesVisible"', "Maximum")
    )
    lag = '{AWS/Lambda,FunctionName} ${ApiName} MetricName="IteratorAge"'
    projected = [[NAMESPACE, "projection_lag", "service", SERVICE, {"stat": "p99", "label": "lists of orders, p99"}]]
    yield _widget("Lag of stream consumers and projections, in ms", [*_search(lag, "Maximum"), *projected])
    concurrency = [
        ["AWS/Lambda", "ConcurrentExecutions", {"stat": "Maximum", "label": "concurrent executions of the account"}],
        ["AWS/Lambda", "Throttles", {"label": "throttled invocations of the account"}],
        ["AWS/Lambda", "Errors", "FunctionName", "${AuthorizerName}", {"label": "errors of the authorizer"}],
    ]
    yield _widget("Lambda", concurrency)
    parts: list[Metric] = [
        [NAMESPACE, name, "service", SERVICE, {"id": name[5:].lower(), "visible": False}]
        for name in ("CacheHits", "CacheMisses")
    ]
    ratio: list[Metric] = [
        [{"expression": "100 * hits / (hits + misses)", "label": "hits, % of all reads of the cache"}]
    ]
    failures: list[Metric] = [[NAMESPACE, "CacheFailures", "service", SERVICE, {"yAxis": "right"}]]
    yield _widget("Cache", [*parts, *ratio, *failures])


def _business() -> Iterator[dict[str, Any]]:
    """Yield what the system is for: counts of events, and revenue by currency."""
    hour = 60 * MINUTE
    counts: list[Metric] = [[NAMESPACE, name, "service", SERVICE] for name in COUNTS.values()]
    yield _widget("Registrations and orders, an hour", counts, period=hour)
    of_currency = f'{{{NAMESPACE},service,currency}} MetricName="{REVENUE}"'
    yield _widget("Revenue an hour, in minor units", _search(of_currency, "Sum", period=hour), period=hour)
    refunds = f'{{{NAMESPACE},service,currency}} MetricName="{REFUNDS}"'
    yield _widget("Refunds an hour, in minor units", _search(refunds, "Sum", period=hour), period=hour)


def _search(what: str, stat: str, *, period: int = MINUTE) -> list[Metric]:
    return [[{"expression": f"SEARCH('{what}', '{stat}', {period})", "id": "found", "label": ""}]]
