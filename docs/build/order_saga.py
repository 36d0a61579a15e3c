"""`docs/order-saga.md`: the state machine of orders as a diagram and a table, from the template."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from docs.build import ROOT
from operations.state_machine import definition, tasks, transitions
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
    machine = definition(read_template(ROOT / "stacks" / "orders.yaml"))
    lines = "".join(f"  {line}\n" for line in _diagram(machine))
    rows = "".join(_row(name, machine["States"][name]) for name in tasks(machine))
    return {ROOT / "docs" / "order-saga.md": f"{INTRODUCTION}{lines}{STEPS}{rows}"}


def _diagram(machine: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the diagram; choices are drawn as what follows the step before them."""
    yield f"[*] --> {_name(machine['StartAt'])}"
    for name, following in groupby(transitions(machine), lambda each: each.source):
        yield f"{_name(name)}: {name}"
        for each in following:
            yield f"{_name(name)} --> {_name(each.target)}{f': {each.label}' if each.label else ''}"


def _name(state: str) -> str:
    """Return the name of a state in the diagram; the last one is the end."""
    return "[*]" if state == "Done" else state.title().replace(" ", "")


def _row(name: str, state: Mapping[str, Any]) -> str:
    retry = state["Retry"][-1]
    pauses = f"{retry['IntervalSeconds']} s, × {retry['BackoffRate']}"
    pauses += f", up to {retry['MaxDelaySeconds']} s" if "MaxDelaySeconds" in retry else ""
    afterwards = ", ".join(f"*{each['Next']}*" for each in state.get("Catch", [])) or "fails"
    return f"| {name} | {retry['MaxAttempts'] + 1} | {pauses} | {state['TimeoutSeconds']} s | {afterwards} |\n"
