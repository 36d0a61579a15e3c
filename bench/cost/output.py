"""Captures what functions write meanwhile: log lines and metrics, items of the table."""

import io
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any
from unittest.mock import patch

from lamina import ids
from lamina.observability.logs import logger
from lamina.storage.transport import Call, DynamoDb

LINE_BYTES = 26
"""Overhead of a log event (CloudWatch Logs, PutLogEvents)."""
_REQUEST = '"requestId":"79b4f56e-95b1-4643-9700-2807f4e68189"'
_TRACE = '"type":"X-Amzn-Trace-Id","value":"Root=1-65f1f2f0-1a2b3c4d5e6f708192a3b4c5;Parent=639e2b1a2c3d4e5f;Sampled=1"'
_USED = '"durationMs":12.345,"billedDurationMs":13,"memorySizeMB":512,"maxMemoryUsedMB":102'
_REPORT = f'{_REQUEST},"metrics":{{{_USED}}},"tracing":{{"spanId":"639e2b1a2c3d4e5f",{_TRACE}}},"status":"success"'
PLATFORM = (
    f'{{"time":"2026-11-20T09:30:00.046Z","type":"platform.start","record":{{{_REQUEST},"version":"12"}}}}',
    f'{{"time":"2026-11-20T09:30:00.062Z","type":"platform.report","record":{{{_REPORT}}}}}',
)
"""Lambda's own lines of an invocation in its JSON format (Lambda developer guide, "Telemetry API", platform events)."""
ITEM_BYTES = 100
"""Overhead of an item, and of an index entry, that DynamoDB bills as storage (DynamoDB pricing)."""
INDEXES = ("gsi1pk", "gsi2pk", "gsi3pk", "gsi4pk")
YEAR_MONTHS = 12
MONTH = 730 * 3600


class Output:
    """What was written: text on standard output, and items."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.text = io.StringIO()
        self.items: list[Mapping[str, Any]] = []

    @property
    def lines(self) -> list[str]:
        """The log lines, without Lambda's own."""
        return [line for line in self.text.getvalue().splitlines() if line]

    @property
    def logged(self) -> int:
        """Bytes of logs of an invocation, as CloudWatch counts them."""
        return sum(len(line.encode()) + LINE_BYTES for line in (*self.lines, *PLATFORM))

    @property
    def metrics(self) -> list[str]:
        """The metrics that CloudWatch reads from the lines, by name and dimensions: each is billed by the month."""
        return sorted({metric for line in self.lines if '"_aws"' in line for metric in metrics_of(json.loads(line))})

    @property
    def stored(self) -> float:
        """Bytes that the new items will take after a year of the same every month: size times months of life."""
        return sum(size(item) * months_of_life(item) for item in self.items if is_new(item))


class Recorder:
    """Listens to a client, and keeps what is written while it captures."""

    def __init__(self, client: DynamoDb) -> None:
        """Listen to the client through which everything goes."""
        self._output: Output | None = None
        client.after.append(self._note)

    @contextmanager
    def capturing(self) -> Iterator[Output]:
        """Capture output meanwhile, instead of printing it."""
        self._output = Output()
        try:
            with redirect_stdout(self._output.text), patch.object(logger.registered_handler, "stream", sys.stdout):
                yield self._output
        finally:
            self._output = None

    def _note(self, call: Call) -> None:
        if self._output is not None and call.response is not None and "Error" not in call.response:
            self._output.items += written(call.operation, call.params)


def written(operation: str, params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the whole items that a call writes."""
    match operation:
        case "PutItem":
            return [params["Item"]]
        case "TransactWriteItems":
            return [part["Put"]["Item"] for part in params["TransactItems"] if "Put" in part]
        case "BatchWriteItem":
            requests = [request for parts in params["RequestItems"].values() for request in parts]
            return [request["PutRequest"]["Item"] for request in requests if "PutRequest" in request]
        case _:
            return []


def metrics_of(line: Mapping[str, Any]) -> Iterator[str]:
    """Yield the metrics of a line in the embedded metric format."""
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = ",".join(f"{name}={line[name]}" for name in names)
            for metric in directive["Metrics"]:
                yield f"{metric['Name']} {dimensions}"


def size(item: Mapping[str, Any]) -> int:
    """Return the bytes of an item and its index entries (DynamoDB developer guide, "Item sizes and formats")."""
    keys = sum(len(name) + _size(item[name]) for name in ("pk", "sk", "gsisk") if name in item)
    entries = [keys + len(name) + _size(item[name]) + ITEM_BYTES for name in INDEXES if name in item]
    return sum(len(name) + _size(value) for name, value in item.items()) + ITEM_BYTES + sum(entries)


def _size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return (len(content) + 1) // 2 + 1
        case "M":
            return 3 + sum(len(name) + _size(each) + 1 for name, each in content.items())
        case "L":
            return 3 + sum(_size(each) + 1 for each in content)
        case "BOOL" | "NULL":
            return 1
        case _:
            return len(content)


def months_of_life(item: Mapping[str, Any]) -> float:
    """Return how long an item is kept: until it expires, at most a year."""
    if "expires_at" not in item:
        return YEAR_MONTHS
    return float(min(YEAR_MONTHS, max(0, float(item["expires_at"]["N"]) - ids.epoch_in(0)) / MONTH))


def is_new(item: Mapping[str, Any]) -> bool:
    """Return whether an item is written for the first time; one that replaces another takes no further storage."""
    return bool(item.get("version", {"N": "1"})["N"] == "1")
