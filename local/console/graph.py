"""The state machine of orders as a graph: where each step is drawn, and the way that an order has taken.

Steps are in lanes: the way forward, what an error leads to, and what undoes an order. A step is below each one that it
can follow.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from operations.state_machine import Kind, Transition, tasks, transitions

START, END = "Start", "End"
LANES = {Kind.NEXT: 0, Kind.CHOSEN: 0, Kind.CAUGHT: 1, Kind.OTHERWISE: 2}

type Json = dict[str, Any]


def drawn(machine: Mapping[str, Any]) -> Json:
    """Return the steps with `lane` and `row`, and the transitions between them."""
    names = tasks(machine)
    edges = [Transition(START, machine["StartAt"], "", Kind.NEXT)] if names else []
    edges += [_ended(each, names) for each in transitions(machine)]
    rows, lanes = _rows(edges), _lanes(edges)
    return {
        "nodes": [
            {"name": name, "row": rows[name], "lane": lanes[name]} for name in (START, *names, END) if name in rows
        ],
        "edges": [{name: str(getattr(each, name)) for name in ("source", "target", "label", "kind")} for each in edges],
    }


def taken(graph: Json, runs: Iterable[Json], is_over: bool) -> list[Json]:
    """Return the transitions that an order has taken, each with its time.

    Args:
        graph: the state machine, drawn.
        runs: the runs of steps in the order of time, each with `step`, `at`, `ended`, `error` and `execution`.
        is_over: whether the order has reached its end.
    """
    known = {(edge["source"], edge["target"]) for edge in graph["edges"]}
    last: dict[str, Json] = {}
    found = []
    for run in runs:
        before = last.get(run["execution"])
        if before is None or before["step"] != run["step"]:
            source = before["step"] if before and (before["step"], run["step"]) in known else START
            if (source, run["step"]) in known:
                found.append({"source": source, "target": run["step"], "at": run["at"]})
        last[run["execution"]] = run
    if is_over:
        ends = [run for run in last.values() if (run["step"], END) in known and not run["error"]]
        found += [{"source": run["step"], "target": END, "at": run["ended"]} for run in ends]
    return found


def _ended(transition: Transition, names: list[str]) -> Transition:
    """Return the transition with one name for all states that end an execution."""
    target = transition.target if transition.target in names else END
    return Transition(transition.source, target, transition.label, transition.kind)


def _rows(edges: list[Transition]) -> dict[str, int]:
    """Return how many steps at most are before each one; a way back counts for nothing."""
    rows: dict[str, int] = {}

    def place(name: str, row: int, above: tuple[str, ...]) -> None:
        if name in above or rows.get(name, -1) >= row:
            return
        rows[name] = row
        for edge in edges:
            if edge.source == name:
                place(edge.target, row + 1, (*above, name))

    if edges:
        place(START, 0, ())
    return rows


def _lanes(edges: list[Transition]) -> dict[str, int]:
    """Return the lane of each step: the least that a way to it needs."""
    lanes = {START: 0}
    for _ in edges:
        for edge in edges:
            if edge.source in lanes:
                lane = max(lanes[edge.source], LANES[edge.kind])
                lanes[edge.target] = min(lane, lanes.get(edge.target, lane))
    return lanes
