"""Metrics of a local stack in Prometheus' text format: `GET /_local/metrics`, and `make metrics` that prints it.

Requests, and what functions write in CloudWatch's embedded metric format, are counted from the log since the front has
started; each call reads only what is new. Queues are gauges.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

import json
import os
import re
import sys
import threading
import urllib.request
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local.account import Account
from local.queues import queues
from local.stack import Stack, client
from local.terminal import Stopped, complain

PREFIX = "lamina_"
BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Upper bounds of the histogram of requests, in seconds."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LATE_MS = 5000
"""How long a line may arrive after later ones; lines of this time are read again, and recognised."""
REQUEST = "request"
SECONDS_TO_ANSWER = 60

type Labels = tuple[tuple[str, str], ...]


class Collected:
    """What the functions of a stack have logged so far, as counters. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests = Counter[Labels]()
        self._durations: defaultdict[Labels, list[float]] = defaultdict(lambda: [0.0] * (len(BUCKETS) + 2))
        self._metrics: defaultdict[str, Counter[Labels]] = defaultdict(Counter)
        self._read_until: dict[str, int] = {}
        self._seen: dict[str, set[int]] = {}

    def text(self, account: Account, stack: Stack) -> str:
        """Read what is new, and return all metrics."""
        with self._lock:
            logs = client("logs", account)
            for group in (one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]):
                self._read(logs, group)
            return "".join(f"{line}\n" for line in [*self._lines(), *_queue_lines(account, stack)])

    def add(self, message: str) -> None:
        """Count a line of a log, if it is a request or has metrics."""
        if '"_aws"' not in message:
            return
        try:
            line = json.loads(message)
            directives = line["_aws"]["CloudWatchMetrics"]
        except (ValueError, KeyError, TypeError):
            return
        if line.get("message") == REQUEST:
            self._add_request(line)
            directives = directives[1:]  # the first one is the time of the request
        self._add_metrics(line, directives)

    def _read(self, logs: Any, group: str) -> None:  # noqa: ANN401 (a boto3 client)
        since = self._read_until.get(group, 0)
        seen, recent = self._seen.get(group, set()), set[int]()
        reader = logs.get_paginator("filter_log_events")
        pages = reader.paginate(logGroupName=group, startTime=max(since - LATE_MS, 0))
        events = [event for page in pages for event in page["events"]]
        newest = max([since, *(event["timestamp"] for event in events)])
        for event in events:
            line = hash((event["logStreamName"], event["timestamp"], event["message"]))
            if line not in seen:
                self.add(event["message"])
            if event["timestamp"] >= newest - LATE_MS:
                recent.add(line)
        self._read_until[group], self._seen[group] = newest, recent

    def _add_request(self, line: Mapping[str, Any]) -> None:
        route: Labels = (("method", str(line["method"])), ("route", str(line["route"])))
        self._requests[*route, ("status", str(line["status"]))] += 1
        seconds = float(line["milliseconds"]) / 1000
        durations = self._durations[route]
        durations[bisect_left(BUCKETS, seconds)] += 1
        durations[-1] += seconds

    def _add_metrics(self, line: Mapping[str, Any], directives: Iterable[Mapping[str, Any]]) -> None:
        for directive in directives:
            names = directive["Dimensions"][0] if directive["Dimensions"] else []
            labels: Labels = tuple((name, str(line.get(name, ""))) for name in names if name != "service")
            for metric in directive["Metrics"]:
                value = line.get(metric["Name"], 0)
                self._metrics[metric["Name"]][labels] += sum(value) if isinstance(value, list) else value

    def _lines(self) -> Iterator[str]:
        yield from _head("requests_total", "counter", "Requests by route and status.")
        for labels, number in sorted(self._requests.items()):
            yield sample("requests_total", labels, number)
        yield from _head("request_duration_seconds", "histogram", "Duration of requests in the function.")
        for route, (*counts, seconds) in sorted(self._durations.items()):
            total = 0.0
            for bound, count in zip([*map(str, BUCKETS), "+Inf"], counts, strict=True):
                total += count
                yield sample("request_duration_seconds_bucket", (*route, ("le", bound)), total)
            yield sample("request_duration_seconds_sum", route, round(seconds, 6))
            yield sample("request_duration_seconds_count", route, total)
        for name, values in sorted(self._metrics.items()):
            metric = f"{snake(name)}_total"
            yield from _head(metric, "counter", f"Sum of the CloudWatch metric {name}.")
            for labels, value in sorted(values.items()):
                yield sample(metric, labels, value)


def _queue_lines(account: Account, stack: Stack) -> Iterator[str]:
    yield from _head("queue_messages", "gauge", "Messages by queue and state.")
    for queue in queues(account, stack):
        for state in ("waiting", "delayed", "in_flight", "dead"):
            yield sample("queue_messages", (("queue", queue.name), ("state", state)), getattr(queue, state))


def _head(name: str, kind: str, description: str) -> Iterator[str]:
    yield f"# HELP {PREFIX}{name} {description}"
    yield f"# TYPE {PREFIX}{name} {kind}"


def sample(name: str, labels: Labels, value: float) -> str:
    """Return a line of the format, with escaped labels."""
    written = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
    return f"{PREFIX}{name}{{{written}}} {value:g}" if written else f"{PREFIX}{name} {value:g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def snake(name: str) -> str:
    """Return the name of a metric in Prometheus' style: `EventsPublished` becomes `events_published`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def main() -> int:
    """Print the metrics of the running stack; return the exit code, 1 if none runs."""
    from local.seed.connection import find

    try:
        url, _ = find(os.environ.get("PORT") or None)
    except Stopped as error:
        complain(f"stopped: {error}")
        return 1
    with urllib.request.urlopen(f"{url}/_local/metrics", timeout=SECONDS_TO_ANSWER) as answer:  # noqa: S310 (http only)
        print(answer.read().decode(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
