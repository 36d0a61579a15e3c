"""`docs/order-saga.md`: the state machine of orders as a diagram and a table, from the template."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs.build import ROOT
from operations.templates import read_template

INTRODUCTION = """\
# The life of an order

<!-- Made by `make docs` from stacks/orders.yaml; do not edit. -->

A state machine of Step Functions takes each order to its end. An execution starts when the order is placed, and
another one when it is cancelled or hangs. Each step is a function with one transaction that is conditional on the state
of the order, and returns the order's status, by which the state machine continues. So steps may be repeated, and
executions may overlap: a step that finds its work done, or the order past it, changes nothing.

```mermaid
stateDiagram-v2
"""

STEPS = """\
```

## Steps

A step that fails is repeated after growing pauses, each of a random length up to the one in the table. When the
attempts are used up, the execution goes on as the last column says; where it says *fails*, an alarm is raised, and the
schedule `sweep_orders` starts another execution within minutes.

| step | attempts | pauses | time limit | afterwards |
| --- | --: | --- | --: | --- |
"""


def files() -> dict[Path, str]:
    """Return the page."""
    template = read_template(ROOT / "stacks" / "orders.yaml")
    machine = template["Resources"]["Saga"]["Properties"]["Definition"]
    lines = "".join(f"  {line}\n" for line in _diagram(machine))
    rows = "".join(_row(name, state) for name, state in machine["States"].items() if state["Type"] == "Task")
    return {ROOT / "docs" / "order-saga.md": f"{INTRODUCTION}{lines}{STEPS}{rows}"}


def _diagram(machine: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the diagram; choices are drawn as what follows the step before them."""
    states = machine["States"]
    yield f"[*] --> {_name(machine['StartAt'])}"
    for name, state in states.items():
        if state["Type"] != "Task":
            continue
        yield f"{_name(name)}: {name}"
        for label, target in _transitions(state, states):
            yield f"{_name(name)} --> {_name(target)}{f': {label}' if label else ''}"


def _transitions(state: Mapping[str, Any], states: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    following = states[state["Next"]]
    if following["Type"] == "Choice":
        for choice in following["Choices"]:
            yield choice["StringEquals"], choice["Next"]
        yield "rejected or cancelled", following["Default"]
    else:
        yield "", state["Next"]
    for caught in state.get("Catch", []):
        yield caught["ErrorEquals"][0] if len(caught["ErrorEquals"]) == 1 else "failed", caught["Next"]


def _name(state: str) -> str:
    """Return the name of a state in the diagram; the last one is the end."""
    return "[*]" if state == "Done" else state.title().replace(" ", "")


def _row(name: str, state: Mapping[str, Any]) -> str:
    retry = state["Retry"][-1]
    pauses = f"{retry['IntervalSeconds']} s, × {retry['BackoffRate']}"
    pauses += f", up to {retry['MaxDelaySeconds']} s" if "MaxDelaySeconds" in retry else ""
    afterwards = ", ".join(f"*{each['Next']}*" for each in state.get("Catch", [])) or "fails"
    return f"| {name} | {retry['MaxAttempts'] + 1} | {pauses} | {state['TimeoutSeconds']} s | {afterwards} |\n"
