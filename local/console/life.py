"""The life of a request: everything that the journal has of it, put together as the rows of a waterfall."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from local.console import spans
from local.console.journal import Entry, Journal
from local.console.spans import Span

TRACE = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
PAYING = re.compile("Charge|Pay|Refund|Cancel|Release|Reconcile")
TRACES = 40
"""Maximum number of traces of a correlation id: the newest."""

type Json = dict[str, Any]


def of(journal: Journal, identifier: str) -> Json | None:
    """Return the life of a correlation id or of a trace; None where nothing is known of it."""
    entries = _entries(journal, identifier)
    if not entries:
        return None
    rows = _Rows(entries)
    rows.add_mails(journal)
    placed = rows.placed()
    requests = [entry for entry in entries if entry.kind == "request"]
    return {
        "id": identifier,
        "requests": [{"at": entry.at, "trace": entry.trace, **entry.content} for entry in requests],
        "spans": [{**asdict(span), "begin": span.begin} for span in placed],
        "sums": _sums(placed),
    }


def _entries(journal: Journal, identifier: str) -> list[Entry]:
    """Return the entries of its traces, and what is found by the ids of its events and invocations."""
    if TRACE.fullmatch(identifier):
        traces, correlated = [identifier], []
    else:
        correlated = journal.of("correlation", [identifier])
        traces = list(dict.fromkeys(entry.trace for entry in correlated if entry.trace))[-TRACES:]
    found = {entry.number: entry for entry in [*correlated, *journal.of("trace", traces)]}
    events = [entry.key for entry in found.values() if entry.kind == "event"]
    invocations = [entry.key for entry in found.values() if entry.kind == "invocation"]
    for entry in journal.of("key", events):
        if entry.kind in {"socket", "invocation"}:
            found[entry.number] = entry
    for entry in journal.of("key", invocations):
        if entry.kind == "failure":
            found[entry.number] = entry
    return sorted(found.values(), key=lambda entry: entry.number)


def _sums(placed: Iterable[Span]) -> Json:
    """Return how much of each there was."""
    rows = list(placed)
    facts = [fact for span in rows for fact in span.facts]

    def total(name: str) -> float:
        return sum(float(str(value)) for fact, value in facts if fact == name)

    return {
        "calls": sum(span.kind == "table" for span in rows),
        "read_units": total("read units"),
        "write_units": total("write units"),
        "events": sum(span.kind == "event" for span in rows),
        "mails": sum(span.kind == "mail" for span in rows),
        "invocations": sum(span.kind in INVOCATIONS or bool(span.kind == "event" and span.function) for span in rows),
        "cold": sum(any(phase.kind == "init" for phase in span.phases) for span in rows),
        "errors": sum(span.status == "error" for span in rows),
    }


INVOCATIONS = {"authorizer", "handler", "consumer", "publish", "step"}


class _Rows:
    """The rows, as they are put in their places."""

    def __init__(self, entries: list[Entry]) -> None:
        self._calls = {
            (entry.at, entry.content["operation"]): entry.content for entry in entries if entry.kind == "calls"
        }
        self._segments = {entry.key: spans.of_segment(entry) for entry in entries if entry.kind == "segment"}
        self._invocations = [
            spans.of_invocation(entry, number) for number, entry in enumerate(entries) if entry.kind == "invocation"
        ]
        self._by_request = {span.id.partition(".")[0]: span for span in reversed(self._invocations)}
        self._events = [spans.of_event(entry) for entry in entries if entry.kind == "event"]
        self._sockets = [spans.of_socket(entry) for entry in entries if entry.kind == "socket"]
        self._notes = [(entry, _note(entry)) for entry in entries if entry.kind in {"log", "failure"}]
        self._merged: dict[str, str] = {}
        """Ids of spans that others stand for."""

    def add_mails(self, journal: Journal) -> None:
        """Name the mails that calls of SES sent."""
        for span in self._segments.values():
            if span.kind == "aws" and span.name.startswith("SES"):
                mails = journal.select("kind = 'mail' and at between ? and ?", (span.start - 0.005, span.end + 0.005))
                span.kind = "mail"
                for mail in mails[:1]:
                    span.name, span.detail = mail.content["subject"], ", ".join(mail.content["to"])
                    span.link = f"/_local/mail/{mail.key}"

    def placed(self) -> list[Span]:
        """Return all rows; each names its parent, or none if that is not there."""
        self._merge_handlers()
        self._merge_consumers()
        self._place_calls()
        self._place_events()
        self._place_sockets()
        self._place_notes()
        self._place_steps()
        rows = [*self._segments.values(), *self._invocations, *self._events, *self._sockets]
        rows += [span for _, span in self._notes]
        known = {span.id for span in rows}
        for span in rows:
            span.parent = self._merged.get(span.parent, span.parent)
            if span.parent not in known or span.parent == span.id:
                span.parent = ""
        return sorted(rows, key=lambda span: span.begin)

    def _merge_handlers(self) -> None:
        """Merge into the invocation the segment that the handler recorded of itself."""
        for span in [each for each in self._segments.values() if each.kind == "part" and each.name.startswith("## ")]:
            found = [each for each in self._invocations if each.kind in {"handler", "authorizer", "step"}]
            within = [each for each in found if each.covers(span.start) and each.trace in {"", span.trace}]
            if not within:
                continue
            owner = min(within, key=lambda each: abs(each.start - span.start))
            self._merged[span.id] = owner.id
            owner.facts = [*span.facts, *owner.facts]
            owner.status = max(owner.status, span.status, key=("ok", "warn", "error").index)
            del self._segments[span.id]

    def _merge_consumers(self) -> None:
        """Merge the invocation into the segment of each event that it worked on: a batch has several."""
        for span in self._segments.values():
            if span.kind != "function":
                continue
            found = [each for each in self._invocations if each.function == span.function and each.covers(span.start)]
            owner = _best(span, found)
            span.kind = owner.kind if owner else "consumer"
            if owner is None:
                continue
            span.phases, span.key = owner.phases, owner.key or span.key
            span.facts += [fact for fact in owner.facts if fact not in span.facts]
            span.status = max(span.status, owner.status, key=("ok", "warn", "error").index)
            self._by_request[owner.id.partition(".")[0]] = span
            self._merged[owner.id] = span.id
            if owner in self._invocations:
                self._invocations.remove(owner)

    def _place_calls(self) -> None:
        """Place calls below the function that made them, with their keys."""
        gateways = {span.trace: span.id for span in self._segments.values() if span.kind == "gateway"}
        for span in self._invocations:
            if span.kind in {"authorizer", "handler"}:
                span.parent = gateways.get(span.trace, "")
        for span in self._segments.values():
            self._describe(span)
            if span.parent in gateways.values():
                within = [
                    each
                    for each in self._invocations
                    if each.parent == span.parent and each.begin <= span.start <= each.end
                ]
                if within:
                    span.parent = within[-1].id

    def _describe(self, span: Span) -> None:
        if span.kind == "table":
            told = self._calls.get((span.start, span.name), {})
            span.items = told.get("items", [])
            if told.get("found") is not None:
                span.facts.append(("found", told["found"]))
        elif span.kind == "http":
            self._name_call(span)

    def _name_call(self, span: Span) -> None:
        """Describe what an HTTP call was for."""
        caller = self._segments.get(span.parent)
        if caller and any(name == "delivery_id" for name, _ in caller.facts):
            span.name, span.detail = "Webhook attempt", span.name
            return
        owner = self._merged.get(span.parent, span.parent)
        functions = {each.id: each.function for each in [*self._segments.values(), *self._invocations]}
        if PAYING.search(functions.get(owner, "")):
            span.name, span.detail = "Payment provider", span.name

    def _place_events(self) -> None:
        """Place each event below what published it, and its consumers below it."""
        by_key = {span.key: span for span in self._events}
        publishers = {}
        for span in [*self._segments.values(), *self._invocations]:
            if span.kind == "publish" and span.key in by_key:
                event = publishers[span.id] = by_key[span.key]
                event.parent, event.start, event.end, event.phases = span.parent, span.start, span.end, span.phases
                event.function, event.facts = span.function, span.facts
                event.instant = min(max(event.instant, event.start), event.end)
        for identifier in publishers:
            self._segments.pop(identifier, None)
        self._invocations = [span for span in self._invocations if span.id not in publishers]
        for span in self._segments.values():
            if span.kind == "consumer" and span.parent in publishers:
                event = publishers[span.parent]
                span.parent, span.detail = event.id, "" if span.detail == event.name else span.detail
        for span in self._invocations:
            if span.kind == "consumer" and span.key in by_key:
                span.parent = by_key[span.key].id

    def _place_sockets(self) -> None:
        for span in self._sockets:
            within = [each for each in self._segments.values() if each.kind == "consumer" and each.covers(span.start)]
            pushing = [each for each in within if each.key == span.key and "push" in each.function.lower()]
            span.parent = (
                pushing[0].id if pushing else next((each.id for each in self._events if each.key == span.key), "")
            )

    def _place_notes(self) -> None:
        for entry, span in self._notes:
            owner = self._by_request.get(entry.key)
            span.parent = owner.id if owner else ""

    def _place_steps(self) -> None:
        """Place the steps of an order below what started its state machine."""
        steps = [span for span in self._invocations if span.kind == "step"]
        if not steps:
            return
        starts = [span for span in self._segments.values() if span.name.endswith(" StartExecution")]
        saga = Span("saga", "saga", "State machine", min(span.begin for span in steps), max(span.end for span in steps))
        saga.parent = starts[0].parent if starts else ""
        for span in steps:
            span.parent = saga.id
        self._invocations.append(saga)


def _best(span: Span, found: list[Span]) -> Span | None:
    """Return the invocation of a segment: of its event, of its type of event, of its trace."""
    for same in (
        [each for each in found if span.key and each.key == span.key],
        [each for each in found if each.trace == span.trace and each.detail == span.detail],
        [each for each in found if each.trace in {"", span.trace}],
    ):
        if same:
            return same[0]
    return None


def _note(entry: Entry) -> Span:
    return spans.of_log(entry) if entry.kind == "log" else spans.of_failure(entry)
