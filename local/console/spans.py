"""Spans of the waterfall, made from entries of the journal: what each is called, and the facts shown about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.console.journal import Entry

WRITES = ("Put", "Update", "Delete", "TransactWrite", "BatchWrite")
COMMON = {
    *("level", "location", "message", "timestamp", "service", "cold_start", "exception"),
    *(f"function_{name}" for name in ("name", "arn", "memory_size", "request_id")),
}
"""Fields of every line of a log."""
FUNCTION = re.compile(r"Function$")

type Json = dict[str, Any]


@dataclass
class Phase:
    """A part of a span before its work: `queue` for the wait in a queue, `init` for the start of a process."""

    kind: str
    start: float
    end: float


@dataclass
class Span:
    """A row of the waterfall.

    Attributes:
        id: unique in its life.
        kind: `gateway`, `authorizer`, `handler`, `publish`, `event`, `consumer`, `step`, `saga`, `table`, `aws`,
            `http`, `mail`, `socket`, `log` or `failure`.
        name: what it is.
        start: Unix time.
        end: as above; a log line ends when it begins.
        parent: id of the span that it belongs to.
        detail: what is shown beside the name.
        status: `ok`, `warn` or `error`.
        phases: parts before its work.
        facts: name and value, as shown.
        items: keys that a call of the table was about.
        payload: JSON or text that is shown on demand.
        link: page of the console about it.
        trace: id of its trace.
        function: logical name of the function that ran it.
        key: id of its event.
    """

    id: str
    kind: str
    name: str
    start: float
    end: float
    parent: str = ""
    detail: str = ""
    status: str = "ok"
    phases: list[Phase] = field(default_factory=list)
    facts: list[tuple[str, object]] = field(default_factory=list)
    items: list[Json] = field(default_factory=list)
    payload: object = None
    link: str = ""
    trace: str = ""
    function: str = ""
    key: str = ""
    instant: float = 0.0
    """When an event was on the bus."""

    @property
    def begin(self) -> float:
        """When its first phase began."""
        return min([self.start, *(phase.start for phase in self.phases)])

    def covers(self, instant: float, tolerance: float = 0.003) -> bool:
        """Whether an instant is within it."""
        return self.start - tolerance <= instant <= self.end + tolerance


def short(function: str) -> str:
    """Return the name of a function as people say it: `SendMail` for `Async/SendMailFunction`."""
    return FUNCTION.sub("", function.rpartition("/")[2])


def of_segment(entry: Entry) -> Span:
    """Return the span of a document of a trace."""
    document = entry.content
    span = Span(
        id=str(document["id"]),
        kind=_kind(document),
        name=str(document["name"]),
        start=float(document["start_time"]),
        end=float(document.get("end_time", document["start_time"])),
        parent=str(document.get("parent_id", "")),
        status=_status(document),
        trace=entry.trace,
    )
    annotations: Mapping[str, object] = document.get("annotations", {})
    span.key = str(annotations.get("event_id", ""))
    span.facts = [(name, value) for name, value in annotations.items() if name not in {"ColdStart", "Service"}]
    exceptions = document.get("cause", {}).get("exceptions", []) if isinstance(document.get("cause"), dict) else []
    span.facts += [("error", exception.get("type", "")) for exception in exceptions]
    if "aws" in document:
        _describe_call(span, document["aws"])
    elif span.kind == "gateway":
        span.name, span.detail = (
            "API Gateway",
            f"response {document.get('http', {}).get('response', {}).get('status', '')}",
        )
    elif document.get("origin") == "AWS::Lambda::Function":
        span.function, span.name = span.name, short(span.name)
        span.detail = str(annotations.get("event_type", ""))
    return span


def _kind(document: Json) -> str:
    if document.get("namespace") == "remote":
        return "http"
    if document.get("namespace") == "aws":
        return "table" if document["name"] == "DynamoDB" else "aws"
    if document["name"] == "gateway":
        return "gateway"
    return "function" if document.get("origin") == "AWS::Lambda::Function" else "part"


def _status(document: Json) -> str:
    return "error" if document.get("fault") else "warn" if document.get("error") or document.get("throttle") else "ok"


def _describe_call(span: Span, aws: Json) -> None:
    operation = str(aws.get("operation", ""))
    if span.kind == "table":
        span.name = operation
        span.detail = ", ".join(_readable(kind) for kind in aws.get("item_kinds", []))
    else:
        span.name, span.detail = f"{span.name} {operation}", ""
    units = aws.get("consumed_capacity")
    if units:
        span.facts.append(("write units" if operation.startswith(WRITES) else "read units", units))
    names = {"index_name": "index", "retries": "retries"}
    span.facts += [(label, aws[name]) for name, label in names.items() if aws.get(name)]


def _readable(kind: str) -> str:
    """Return a kind of items as people say it: `user` for `USER/USER`, `user event` for `USER/EVENT`."""
    parts = list(dict.fromkeys(part.replace("_", " ").lower() for part in kind.split("/")))
    return " ".join(parts)


def of_invocation(entry: Entry, number: int) -> Span:
    """Return the span of an invocation."""
    content, source = entry.content, entry.content["source"]
    kinds = {"authorizer": "authorizer", "api": "handler", "task": "step", "socket": "handler"}
    span = Span(
        id=f"{entry.key}.{number}",
        kind=kinds.get(source["kind"], "consumer"),
        name=short(content["function"]),
        start=float(content["started"]),
        end=float(content["ended"]),
        detail=str(source.get("type", "")),
        status="error" if content["error"] else "ok",
        trace=entry.trace,
        function=content["function"],
        key=str(source.get("key", "")),
    )
    if source["kind"] == "queue":
        span.phases = [Phase("queue", min(source["sent"], span.start), span.start)]
        span.facts += [("queue", source["name"]), ("attempt", source["tries"])]
    if content.get("loaded"):
        span.phases.append(Phase("init", span.start, float(content["loaded"])))
        span.start = float(content["loaded"])
    if source["kind"] == "stream":
        span.kind = "publish"
    span.facts += [("batch", f"{content['batch']} messages")] if content["batch"] > 1 else []
    span.facts += [("error", content["error"])] if content["error"] else []
    return span


def of_log(entry: Entry) -> Span:
    """Return the row of a line of a log."""
    content = entry.content
    level = str(content["level"])
    status = {"ERROR": "error", "CRITICAL": "error", "WARNING": "warn"}.get(level, "ok")
    span = Span(f"log.{entry.number}", "log", str(content["message"])[:400], entry.at, entry.at, status=status)
    own = {name: value for name, value in content["more"].items() if name not in COMMON and not name.endswith("_id")}
    shown = [f"{name}={value}" for name, value in own.items() if isinstance(value, str | int | float)]
    span.detail = " ".join([*([level.lower()] if status != "ok" else []), *shown])
    span.payload = content["more"] or content["message"]
    return span


def of_failure(entry: Entry) -> Span:
    """Return the row of an exception."""
    content = entry.content
    span = Span(f"failure.{entry.number}", "failure", str(content["error"]), entry.at, entry.at, status="error")
    span.detail, span.payload, span.link = str(content["place"]), content["trace"], f"/_local/logs/{entry.number}"
    return span


def of_event(entry: Entry) -> Span:
    """Return the row of an event on the bus."""
    detail = entry.content["detail"]
    span = Span(f"event.{entry.number}", "event", str(entry.content["type"]), entry.at, entry.at, key=entry.key)
    span.detail, span.payload, span.trace = str(detail.get("subject", "")), detail, entry.trace
    span.instant = span.start
    span.link = f"/_local/events/{entry.key}"
    return span


def of_socket(entry: Entry) -> Span:
    """Return the row of a message to a WebSocket."""
    content = entry.content
    status = "ok" if content["status"] == 200 else "warn"  # noqa: PLR2004  OK
    message = content["message"]
    kind = message.get("type", "message") if isinstance(message, dict) else "message"
    span = Span(f"socket.{entry.number}", "socket", f"Socket message {kind}", entry.at, entry.at, status=status)
    span.detail, span.payload, span.key = str(content["connection"]), message, entry.key
    return span
