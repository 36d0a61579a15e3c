"""Runs everything that a call causes: the stream, the bus, consumers of queues, and the state machine of orders.

Each event is taken alone, so that every function has a batch of one: that costs more than the batches of busy days.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self

from lamina.events.envelope import Event, envelope
from lamina.events.outbox import OutboxItem
from tests.support.queues import batch
from tests.support.samples import sample
from tests.support.templates import ROOT, STACKS, Function, evaluated, functions, template

ORDERS = ROOT / "stacks" / "orders.yaml"
PUBLISHER, COUNTER, SAGA = "consumers/publish_changes", "consumers/count_users", "consumers/start_saga"
ATTEMPT = {"correlation_id": "measured", "attempt": 0}

type RawItem = Mapping[str, Any]
type Invoke = Callable[[Function, Any], tuple[Any, list[RawItem]]]
"""Invokes a function; returns its result and the items that it wrote."""


class Consequences:
    """What a call causes.

    Attributes:
        events: number of events on the bus.
        messages: number of messages in queues.
        transitions: number of transitions of the state machine.
    """

    def __init__(self, invoke: Invoke) -> None:
        """Start with nothing; functions are invoked by `invoke`."""
        self.events = self.messages = self.transitions = 0
        self._invoke = invoke
        self._waiting: deque[RawItem] = deque()

    def follow(self, items: Iterable[RawItem]) -> Self:
        """Invoke all functions that written items cause, and those that these cause in turn."""
        self._waiting.extend(items)
        while self._waiting:
            item = self._waiting.popleft()
            match item.get("kind", {}).get("S"):
                case "user":
                    self._run(COUNTER, _record(COUNTER, item))
                case "event":
                    self._run(PUBLISHER, _record(PUBLISHER, item))
                    self.events += 1
                    self._deliver(envelope(OutboxItem.from_raw_data(dict(item))))
        return self

    def _deliver(self, event: Event) -> None:
        for place, types in subscriptions().items():
            if types & {"*", event["type"]}:
                self.messages += 1
                self._run(place, batch(place, [event]))
        if event["type"] in subscriptions()[SAGA]:
            order = {"order_id": event["subject"], **ATTEMPT}
            self.transitions += execute(lambda step: self._run(step, order))

    def _run(self, place: str, event: object) -> Any:  # noqa: ANN401 (whatever a function returns)
        result, items = self._invoke(_function(place), event)
        if result.get("batchItemFailures"):
            raise RuntimeError(f"{place} did not process what a measured call causes")
        self._waiting.extend(items)
        return result


@cache
def subscriptions() -> dict[str, set[str]]:
    """Return the event types that each consumer of a queue of the bus takes, by place; `*` for all."""
    return {place: types for stack in STACKS for place, types in _subscriptions(stack)}


def _subscriptions(stack: Path) -> Iterator[tuple[str, set[str]]]:
    resources = template(stack)["Resources"]
    for function in (known for known in functions() if known.stack == stack):
        for event in resources[function.name]["Properties"].get("Events", {}).values():
            source = event["Properties"].get("Queue", {}).get("Fn::GetAtt", "") if event["Type"] == "SQS" else ""
            queue = resources.get((source if isinstance(source, str) else ".".join(source)).partition(".")[0], {})
            types = evaluated(queue.get("Properties", {}).get("Parameters", {}).get("EventTypes"), stack, {})
            if types:
                yield function.place, set(types.split(","))


def execute(run: Callable[[str], Any]) -> int:
    """Walk through the state machine of orders; return the number of its transitions.

    Args:
        run: runs the step at a place, and returns its result.
    """
    machine = template(ORDERS)["Resources"]["Saga"]["Properties"]["Definition"]
    name, result, transitions = machine["StartAt"], {}, 0
    while True:
        state = machine["States"][name]
        transitions += 1
        match state["Type"]:
            case "Task":
                result, name = run(_step(state["Resource"])), state["Next"]
            case "Choice":
                chosen = (each["Next"] for each in state["Choices"] if each["StringEquals"] == result["status"])
                name = next(chosen, state["Default"])
            case _:
                return transitions


def _step(resource: str) -> str:
    """Return the place of the function of a task: `${ReserveStock}` is `ReserveStockFunction`."""
    name = f"{resource.strip('${}')}Function"
    return next(function.place for function in functions() if function.name == name)


def _function(place: str) -> Function:
    return next(function for function in functions() if function.place == place)


def _record(place: str, item: RawItem) -> dict[str, Any]:
    """Return a batch of one stream record of a new item."""
    (record,) = sample(place)["Records"]
    image = {"Keys": {name: item[name] for name in ("pk", "sk")}, "NewImage": item}
    return {"Records": [record | {"dynamodb": record["dynamodb"] | image}]}
