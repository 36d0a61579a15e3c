"""Orders: each with its history, from which the page shows it as it stood at any moment, and its state machine."""

from typing import Any

from local.console import graph, table
from local.console.context import Context, NotThereError, Query
from local.console.patterns import PATTERNS, Pattern
from operations.state_machine import definition
from operations.templates import read_template

TEMPLATE = "stacks/orders.yaml"
OVER = {"confirmed", "rejected", "cancelled"}

type Json = dict[str, Any]


def read(context: Context, identifier: str, query: Query) -> object:
    """Return the newest orders, or one of them."""
    if identifier:
        return _one(context, identifier)
    name = "orders-by-status" if query.get("status") else "orders"
    found = table.items(context, PATTERNS[name], query.get("status", ""))
    orders = [_order(item) for item in found["items"]]
    words = query.get("q", "").lower().split()
    return {"items": [order for order in orders if all(word in str(order).lower() for word in words)]}


def _one(context: Context, identifier: str) -> Json:
    pattern = Pattern("", "", "", "", lambda value: [value])
    found = table.items(context, pattern, f"ORDER#{identifier}")["items"]
    history = [_event(item) for item in found if item["keys"]["sk"].startswith("HISTORY#")]
    if not history:
        raise NotThereError("This order is not there.")
    entry = next((_order(item) for item in found if item["kind"] == "order_entry"), {"id": identifier})
    ids = [item for item in found if item["kind"] == "event"]
    correlations = list(dict.fromkeys(_facts(item).get("correlation_id", "") for item in ids))
    drawn = machine(context)
    runs = _runs(context, correlations, identifier, drawn)
    return {
        "order": entry,
        "history": history,
        "requests": correlations,
        "runs": runs,
        "machine": drawn,
        "taken": graph.taken(drawn, runs, entry.get("status") in OVER),
    }


def _facts(item: Json) -> Json:
    return {each["name"]: each["value"] for each in item["attributes"]}


def _order(item: Json) -> Json:
    facts = _facts(item)
    shown = facts.get("order")
    shown = shown if isinstance(shown, dict) else {}
    return {
        **shown,
        "id": item["keys"]["pk"].partition("#")[2],
        "status": facts.get("status", ""),
        "created_at": facts.get("created_at", ""),
    }


def _event(item: Json) -> Json:
    facts = _facts(item)
    number = int(item["keys"]["sk"].partition("#")[2])
    return {
        "number": number,
        "at": facts.get("created_at", ""),
        "type": facts.get("event_type", ""),
        "data": facts.get("data"),
    }


def _runs(context: Context, correlations: list[str], order: str, drawn: Json) -> list[Json]:
    """Return the runs of steps that the journal has, in the order of time."""
    steps = {node["name"].title().replace(" ", ""): node["name"] for node in drawn["nodes"]}
    found = []
    for entry in context.journal.of("correlation", correlations):
        source = entry.content.get("source") or {}
        if entry.kind != "invocation" or source.get("kind") != "task" or source.get("key", order) != order:
            continue
        name = entry.content["function"].rpartition("/")[2].removesuffix("Function")
        if name in steps:
            ended, error = entry.content["ended"], entry.content["error"]
            run = {"step": steps[name], "at": entry.at, "ended": ended, "error": error, "execution": entry.correlation}
            found.append(run)
    return sorted(found, key=lambda run: run["at"])


def machine(context: Context) -> Json:
    """Return the state machine of the template, drawn."""
    file = context.settings.root / TEMPLATE
    return graph.drawn(definition(read_template(file) if file.is_file() else {"Resources": {}}))
