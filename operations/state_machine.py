"""The transitions of a state machine of Step Functions, as drawings of it show them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

type States = Mapping[str, Mapping[str, Any]]


class Kind(StrEnum):
    """Why a task is followed by another.

    `NEXT` and `CHOSEN` are the way forward, `OTHERWISE` is the default of a choice, `CAUGHT` follows an error.
    """

    NEXT = "next"
    CHOSEN = "chosen"
    OTHERWISE = "otherwise"
    CAUGHT = "caught"


@dataclass(frozen=True)
class Transition:
    """What can follow a task: another task, or the state that ends the execution."""

    source: str
    target: str
    label: str
    kind: Kind


def definition(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the definition of the template's only state machine; an empty one if there is none."""
    machines = [each for each in template["Resources"].values() if each["Type"] == "AWS::Serverless::StateMachine"]
    return dict(machines[0]["Properties"]["Definition"]) if machines else {"StartAt": "", "States": {}}


def tasks(machine: Mapping[str, Any]) -> list[str]:
    """Return the names of the tasks, in the order of the definition."""
    return [name for name, state in machine["States"].items() if state["Type"] == "Task"]


def transitions(machine: Mapping[str, Any]) -> Iterator[Transition]:
    """Yield what can follow each task; choices belong to the task before them."""
    states: States = machine["States"]
    for name in tasks(machine):
        state = states[name]
        following = states[state["Next"]]
        if following["Type"] == "Choice":
            for choice in following["Choices"]:
                yield Transition(name, choice["Next"], choice["StringEquals"], Kind.CHOSEN)
            yield Transition(name, following["Default"], "rejected or cancelled", Kind.OTHERWISE)
        else:
            yield Transition(name, state["Next"], "", Kind.NEXT)
        for caught in state.get("Catch", []):
            errors = caught["ErrorEquals"]
            yield Transition(name, caught["Next"], errors[0] if len(errors) == 1 else "failed", Kind.CAUGHT)
