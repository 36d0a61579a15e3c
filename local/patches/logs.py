"""The log of a function stays small, and says whose it is.

MiniStack makes a log stream for each invocation and keeps all of them, in memory and in every save: a day of work
would fill both. CloudWatch keeps one stream a process and drops by retention
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html). Here the newest invocations stay.
"""

import json
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs, lambda_svc

from local.patches import workers

STREAMS_KEPT = 200
STREAMS_NAMED = 20
"""Number of newest entries among which an invocation finds its own; others end at the same time."""
POINTS_KEPT = 500


def apply() -> None:
    """Drop a group's oldest streams and a metric's oldest points as new ones come."""
    _keep_the_newest_streams()
    _keep_the_newest_points()


def _keep_the_newest_streams() -> None:
    emit = lambda_svc._emit_lambda_logs

    def emit_and_trim(function: dict[str, Any], *positional: Any, **named: Any) -> None:
        emit(function, *positional, **named)
        config = function.get("config") or function
        _tell_errors(config.get("FunctionName", ""), *positional)
        name = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
        streams = (cloudwatch_logs._log_groups.get(name) or {}).get("streams", {})
        if "LogGroup" in (config.get("LoggingConfig") or {}):
            _name_after(config.get("FunctionName", ""), str(positional[0]), streams)
        for oldest in list(streams)[: max(0, len(streams) - STREAMS_KEPT)]:
            streams.pop(oldest, None)

    lambda_svc._emit_lambda_logs = emit_and_trim


def _name_after(function: str, request: str, streams: dict[str, Any]) -> None:
    """Add the function's name to the name of a log stream, as Lambda does for functions that share a group
    (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html).
    """
    for stream in reversed(list(streams)[-STREAMS_NAMED:]):
        if any(request in event["message"] for event in streams[stream]["events"][:1]):
            streams[stream.replace("/[", f"/{function}[", 1)] = streams.pop(stream)
            return


def _tell_errors(function: str, _request: str, text: str, failed: bool, *_more: Any) -> None:
    """Print a function's output, and each error that it logged, to the console."""
    messages = []
    for line in (text or "").splitlines():
        content = _parsed(line)
        if content.get("level") in {"ERROR", "CRITICAL"}:
            messages.append(str(content.get("message", "")))
        elif not content and line:
            workers.tell(function=function, printed=line)
    if getattr(workers.this_thread, "has_told", False):
        return  # the exception itself says more
    if failed and not messages:
        messages = ["it exited without a response"]
    for message in messages:
        workers.tell(function=function, error=message)


def _parsed(line: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _keep_the_newest_points() -> None:
    bucket_of = cloudwatch._metric_bucket

    def trimmed_bucket_of(*key: Any) -> list[dict[str, Any]]:
        points: list[dict[str, Any]] = bucket_of(*key)
        if len(points) > POINTS_KEPT:
            del points[:-POINTS_KEPT]
        return points

    cloudwatch._metric_bucket = trimmed_bucket_of
