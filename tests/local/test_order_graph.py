"""The drawing of the state machine of orders: where its steps are, and which way an order has taken."""

from typing import Any

from local.console import graph
from operations.state_machine import definition
from operations.templates import read_template
from tests.support.stack import ROOT

DRAWN = graph.drawn(definition(read_template(ROOT / "stacks" / "orders.yaml")))
NODES = {node["name"]: node for node in DRAWN["nodes"]}


def ran(*steps: str, execution: str = "placed", at: float = 1.0, error: str = "") -> list[dict[str, Any]]:
    return [
        {"step": step, "at": at + number, "ended": at + number + 0.5, "error": error, "execution": execution}
        for number, step in enumerate(steps)
    ]


def way(runs: list[dict[str, Any]], *, is_over: bool = True) -> list[str]:
    return [f"{one['source']} → {one['target']}" for one in graph.taken(DRAWN, runs, is_over)]


def test_each_step_is_below_those_that_it_can_follow() -> None:
    assert all(NODES[edge["source"]]["row"] < NODES[edge["target"]]["row"] for edge in DRAWN["edges"])
    places = [(node["row"], node["lane"]) for node in DRAWN["nodes"]]
    assert len(places) == len(set(places))


def test_errors_and_what_undoes_an_order_have_lanes_of_their_own() -> None:
    lanes = {name: node["lane"] for name, node in NODES.items()}
    assert [name for name, lane in lanes.items() if lane == 0] == [
        "Start", "Reserve stock", "Charge payment", "Confirm order", "End",
    ]  # fmt: skip
    assert (lanes["Reject order"], lanes["Void payment"], lanes["Release stock"]) == (1, 2, 2)


def test_a_machine_with_a_way_back_is_drawn_too() -> None:
    task = {"Type": "Task"}
    states = {"A": {**task, "Next": "B"}, "B": {**task, "Next": "A"}}
    drawn = graph.drawn({"StartAt": "A", "States": states})
    assert [(node["name"], node["row"]) for node in drawn["nodes"]] == [("Start", 0), ("A", 1), ("B", 2)]
    assert graph.drawn({"StartAt": "", "States": {}}) == {"nodes": [], "edges": []}


def test_the_way_of_a_confirmed_order_ends_with_it() -> None:
    runs = ran("Reserve stock", "Charge payment", "Confirm order")
    forward = ["Start → Reserve stock", "Reserve stock → Charge payment", "Charge payment → Confirm order"]
    assert way(runs, is_over=False) == forward
    assert way(runs) == [*forward, "Confirm order → End"]


def test_attempts_of_a_step_are_one_stop_on_the_way() -> None:
    failed = ran("Charge payment", "Charge payment", at=2, error="PaymentUnavailable")
    runs = [*ran("Reserve stock"), *failed, *ran("Reject order", "Void payment", "Release stock", at=5)]
    assert way(runs)[1:4] == [
        "Reserve stock → Charge payment", "Charge payment → Reject order", "Reject order → Void payment",
    ]  # fmt: skip


def test_executions_of_an_order_have_ways_of_their_own() -> None:
    placed = ran("Reserve stock", "Charge payment", at=1)
    cancelled = ran("Reserve stock", "Void payment", "Release stock", execution="cancelled", at=1.5)
    found = way(sorted([*placed, *cancelled], key=lambda run: run["at"]))
    assert found.count("Start → Reserve stock") == 2
    assert {"Reserve stock → Charge payment", "Reserve stock → Void payment", "Release stock → End"} <= set(found)


def test_an_execution_that_starts_again_starts_at_the_top() -> None:
    runs = [*ran("Reserve stock", "Charge payment"), *ran("Reserve stock", "Void payment", at=60)]
    assert way(runs, is_over=False).count("Start → Reserve stock") == 2
