"""Events of the bus: what happened to each, its schema, and publishing it again."""

import json
from pathlib import Path
from typing import Any

from local.console.context import Context, NotThereError, Query, changed, page_of
from local.console.journal import Entry

SCHEMAS = Path("docs/events")


def read(context: Context, identifier: str, query: Query) -> object:
    """Return the newest events, or one of them by its id."""
    if identifier:
        return _whole(context, identifier)
    found = page_of(context.journal, ("event",), query)
    return {"items": [_summary(entry) for entry in found]}


def replay(context: Context, asked: Any) -> object:  # noqa: ANN401  JSON
    """Publish an event again, as it was: consumers that have processed it recognize its id."""
    entry = _entry(context, str(asked["id"]))
    detail = entry.content["detail"]
    event = {"Source": "lamina", "DetailType": entry.content["type"], "Detail": json.dumps(detail)}
    answer = context.client("events").put_events(Entries=[{**event, "EventBusName": context.resource("Data/Bus")}])
    changed(context.journal, "events")
    return {"failed": answer["FailedEntryCount"]}


def _entry(context: Context, identifier: str) -> Entry:
    found = [entry for entry in context.journal.of("key", [identifier]) if entry.kind == "event"]
    if not found:
        raise NotThereError("This event is not in the journal.")
    return found[-1]


def _summary(entry: Entry) -> dict[str, object]:
    detail = entry.content["detail"]
    names = ("subject", "actor", "correlation_id")
    found = {name: detail.get(name) or "" for name in names}
    return {"id": entry.key, "number": entry.number, "at": entry.at, "type": entry.content["type"], **found}


def _whole(context: Context, identifier: str) -> object:
    entry = _entry(context, identifier)
    detail = entry.content["detail"]
    related = context.journal.of("key", [identifier])
    correlated = context.journal.of("correlation", [str(detail.get("correlation_id", ""))])
    return {
        **_summary(entry),
        "detail": detail,
        "published": [each.at for each in related if each.kind == "event"],
        "schema": _schema(context, detail),
        "consumers": [_consumer(each) for each in correlated if _is_consumer(each, identifier)],
        "sockets": sum(each.kind == "socket" for each in related),
    }


def _is_consumer(entry: Entry, event: str) -> bool:
    """Whether it is an invocation with a message of an event."""
    source = entry.content["source"] if entry.kind == "invocation" else {}
    return source.get("kind") == "queue" and source.get("key") == event


def _consumer(entry: Entry) -> dict[str, object]:
    content, source = entry.content, entry.content["source"]
    facts = {"function": content["function"], "error": content["error"], "attempt": source["tries"]}
    times = {"waited": max(0.0, content["started"] - source["sent"]), "took": content["ended"] - content["started"]}
    return {**facts, **times, "at": entry.at, "queue": source["name"]}


def _schema(context: Context, detail: dict[str, Any]) -> object:
    """Return the published schema of an event, if there is one."""
    file = context.settings.root / SCHEMAS / f"{detail.get('type')}.v{detail.get('version')}.json"
    if not file.resolve().is_relative_to(context.settings.root) or not file.is_file():
        return None
    return json.loads(file.read_text(encoding="utf-8"))
