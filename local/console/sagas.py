"""Orders: each with its history, from which the page shows it as it stood at any moment, and its state machine."""

import re
from typing import Any

import yaml

from local.console import table
from local.console.context import Context, NotThereError, Query
from local.console.patterns import PATTERNS, Pattern

TEMPLATE = "stacks/orders.yaml"

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
    return {
        "order": entry,
        "history": history,
        "requests": correlations,
        "steps": _runs(context, correlations),
        "machine": machine(context),
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


def _runs(context: Context, correlations: list[str]) -> list[Json]:
    """Return the runs of steps that the journal has."""
    return [
        {
            "function": entry.content["function"],
            "at": entry.at,
            "took": entry.content["ended"] - entry.content["started"],
            "error": entry.content["error"],
        }
        for entry in context.journal.of("correlation", correlations)
        if entry.kind == "invocation" and entry.content["source"]["kind"] == "task"
    ]


def machine(context: Context) -> list[Json]:
    """Return the steps of the state machine, as the template has them: name, function, and what can follow."""
    file = context.settings.root / TEMPLATE
    if not file.is_file():
        return []
    states: Json = {}
    for resource in yaml.load(file.read_text(encoding="utf-8"), _Loader)["Resources"].values():  # noqa: S506  a safe loader
        if resource["Type"] == "AWS::Serverless::StateMachine":
            states = resource["Properties"]["Definition"]["States"]
    return [
        {"name": name, "function": re.sub(r"\W", "", name.title()), "next": sorted(set(_following(state, states)))}
        for name, state in states.items()
        if state["Type"] == "Task"
    ]


def _following(state: Json, states: Json) -> list[str]:
    """Return the tasks that can follow a state, or `Done`."""
    names = [each["Next"] for each in state.get("Choices", [])] + [each["Next"] for each in state.get("Catch", [])]
    names += [state[name] for name in ("Next", "Default") if name in state]
    found: list[str] = []
    for name in names:
        kind = states[name]["Type"]
        found += [name] if kind == "Task" else ["Done"] if kind == "Succeed" else _following(states[name], states)
    return found


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's own tags as nothing."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)
