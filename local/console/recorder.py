"""Creates entries of the journal from what the front and the local AWS report."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.console.exchange import (
    UNREADABLE,
    body_without_secrets,
    headers_without_secrets,
    hidden,
    path_without_secrets,
)
from local.console.journal import Entry, Journal

ROOT = re.compile(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})")
NOT_RECORDED = ("/health", "/favicon.ico")
"""Paths whose successful requests are not kept: they are probes."""

type Json = dict[str, Any]


def trace_of(header: str) -> str:
    """Return the id of the trace that a trace header names, or `""`."""
    found = ROOT.search(header)
    return found[1] if found else ""


class Recorder:
    """Records into a journal; `name` returns the logical name of a function by its physical one."""

    def __init__(self, journal: Journal, name: Callable[[str], str]) -> None:
        self.journal = journal
        self._name = name

    def exchange(
        self,
        *,
        method: str,
        path: str,
        trace: str,
        started: float,
        milliseconds: float,
        client: str,
        request: tuple[list[tuple[str, str]], bytes],
        response: tuple[int, list[tuple[str, str]], bytes],
    ) -> None:
        """Record a request and its response, each with header lines and body."""
        status, headers, answered = response
        sent, received = _lower(request[0]), _lower(headers)
        content = {
            "method": method,
            "path": path_without_secrets(path),
            "status": status,
            "ms": round(milliseconds, 1),
            "client": client,
            "credential": _credential(sent),
            "request": {
                "headers": headers_without_secrets(request[0]),
                **body_without_secrets(request[1], sent.get("content-type", "")),
            },
            "response": {
                "headers": headers_without_secrets(headers),
                **body_without_secrets(answered, received.get("content-type", "")),
            },
        }
        correlation = received.get("x-correlation-id", "")
        self.journal.add(Entry("request", content, trace, correlation, at=started))

    def segment(self, document: Json) -> None:
        """Record a document of a trace."""
        trace = str(document.get("trace_id", ""))
        correlation = str(document.get("annotations", {}).get("correlation_id", ""))
        started = float(document.get("start_time", 0))
        if document.get("origin") == "AWS::Lambda::Function":
            document = {**document, "name": self._name(str(document["name"]))}
        self.journal.add(Entry("segment", document, trace, correlation, str(document.get("id", "")), started))

    def calls(self, told: Json) -> None:
        """Record the keys that a call of the table was about."""
        self.journal.add(Entry("calls", told, trace_of(str(told.get("trace", ""))), at=float(told.get("started", 0))))

    def told(self, message: Mapping[str, Any]) -> None:
        """Record what the local AWS reports."""
        for kind, record in (
            ("invocation", self._invocation),
            ("event", self._event),
            ("mail", self._mail),
            ("socket", self._socket),
        ):
            if kind in message:
                record(message[kind])

    def failure(self, described: Json, request: str) -> None:
        """Record an exception of a function."""
        self.journal.add(Entry("failure", described, key=request))

    def _invocation(self, told: Json) -> None:
        function, request = self._name(told["function"]), told["request"]
        facts = {name: told[name] for name in ("started", "ended", "loaded", "error")}
        sources = told["sources"] or [{"kind": "call"}]
        traces = {trace_of(str(source.get("trace", ""))) for source in sources} - {""}
        for source in sources:
            content = {**facts, "function": function, "source": source, "batch": len(sources)}
            trace, correlation = trace_of(str(source.get("trace", ""))), str(source.get("correlation", ""))
            self.journal.add(Entry("invocation", content, trace, correlation, request, told["started"]))
        for line in told["log"]:
            self._log(function, request, line, traces.copy().pop() if len(traces) == 1 else "", told)

    def _log(self, function: str, request: str, line: str, trace: str, told: Json) -> None:
        content = _parsed(line)
        found = {"function": function, "level": "", "message": line, "more": {}}
        at = float(told["ended"])
        if content:
            if "_aws" in content and "message" not in content:
                return  # a metric and nothing else
            found |= {"level": str(content.get("level", "")), "message": _text(content.get("message", ""))}
            found["more"] = hidden({name: value for name, value in content.items() if name != "_aws"})
            at = _epoch(str(content.get("timestamp", ""))) or at
        correlation = str(content.get("correlation_id", ""))
        self.journal.add(Entry("log", found, trace, correlation, request, at))

    def _event(self, told: Json) -> None:
        detail = _parsed(told["detail"])
        trace = trace_of(str(detail.get("trace", "")))
        content = {"type": told["type"], "detail": detail}
        correlation, key = str(detail.get("correlation_id", "")), str(detail.get("id", ""))
        self.journal.add(Entry("event", content, trace, correlation, key, float(told["at"])))

    def _mail(self, told: Json) -> None:
        self.journal.add(Entry("mail", told, key=told["id"], at=float(told["at"])))

    def _socket(self, told: Json) -> None:
        message = _parsed(told["text"])
        payload = message.get("payload") if isinstance(message.get("payload"), dict) else {}
        event = ((payload or {}).get("extensions") or {}).get("event") or {}
        content = {
            "connection": told["connection"],
            "status": told["status"],
            "message": hidden(message) or told["text"],
        }
        self.journal.add(Entry("socket", content, key=str(event.get("id", "")), at=float(told["at"])))


def _lower(lines: list[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in lines}


def _credential(headers: Mapping[str, str]) -> str:
    if "x-api-key" in headers:
        return "API key"
    scheme = headers.get("authorization", "").partition(" ")[0].lower()
    return {"bearer": "token", "basic": "client"}.get(scheme, scheme)


def _text(message: object) -> str:
    return message if isinstance(message, str) else json.dumps(message)


def _parsed(line: str) -> Json:
    try:
        content = json.loads(line)
    except UNREADABLE:
        return {}
    return content if isinstance(content, dict) else {}


def _epoch(timestamp: str) -> float:
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        return 0.0
