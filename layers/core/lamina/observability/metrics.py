"""Metrics in CloudWatch's embedded metric format: CloudWatch reads them from log lines, and no call is made."""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics, Metrics, MetricUnit

from lamina.observability import SERVICE

NAMESPACE = "lamina"

metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
"""Metrics of events without a log line of their own; `flush_metrics` writes them."""


def timed(field: str, *, by: tuple[str, ...], counts: Mapping[str, int] | None = None) -> dict[str, Any]:
    """Return fields that turn a log line into a metric as well, so that a request has one line.

    Args:
        field: name of the field that contains milliseconds.
        by: fields that are the metric's dimensions. Each combination is billed as a separate metric.
        counts: further metrics, of the whole service.
    """
    counts = counts or {}
    directives = _directives(field, by) + (_count_directives(tuple(counts)) if counts else [])
    return {**counts, "_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": directives}}


@cache
def _directives(field: str, by: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the constant part of each line. CloudWatch reads the values from the line."""
    described = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    described.add_metric(field, MetricUnit.Milliseconds, 0)
    for name in by:
        described.add_dimension(name, SERVICE)
    return _described(described)


@cache
def _count_directives(names: tuple[str, ...]) -> list[dict[str, Any]]:
    described = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    for name in names:
        described.add_metric(name, MetricUnit.Count, 0)
    return _described(described)


def _described(metrics: EphemeralMetrics) -> list[dict[str, Any]]:
    return [dict(directive) for directive in metrics.serialize_metric_set()["_aws"]["CloudWatchMetrics"]]
