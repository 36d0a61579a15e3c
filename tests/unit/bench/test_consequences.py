"""What a call causes: who takes its events, the state machine's way, and the sizes of what is written."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from bench.cost import output
from bench.cost.consequences import Consequences, execute, subscriptions
from lamina.events.catalog import USER_CREATED
from lamina.events.outbox import event
from tests.support.templates import Function


def outbox() -> Mapping[str, Any]:
    fact = USER_CREATED.of({"id": "1", "role": "viewer", "status": "active"})
    return event(fact, "1", actor=None, correlation_id="test").serialize()


def test_the_subscriptions_of_consumers_are_those_of_the_templates() -> None:
    found = subscriptions()
    assert found["consumers/record_activities"] == {"*"}
    assert "user.created" in found["consumers/send_mail"]
    assert "post.created" not in found["consumers/send_mail"]
    assert found["consumers/start_saga"] == {"order.placed", "order.cancelled"}
    assert "consumers/deliver_webhooks" not in found


def test_an_event_is_published_and_brought_to_each_consumer_that_takes_it() -> None:
    invoked: list[str] = []

    def invoke(function: Function, _: object) -> tuple[Any, list[Mapping[str, Any]]]:
        invoked.append(function.place)
        return {"batchItemFailures": []}, []

    counts = Consequences(invoke).follow([outbox(), {"pk": {"S": "IDEMPOTENCY#1"}}])
    takers = {place for place, types in subscriptions().items() if types & {"*", "user.created"}}
    assert (counts.events, counts.messages, counts.transitions) == (1, len(takers), 0)
    assert sorted(invoked) == sorted({"consumers/publish_changes", *takers})


def test_what_a_consumer_writes_is_followed_too() -> None:
    def invoke(function: Function, _: object) -> tuple[Any, list[Mapping[str, Any]]]:
        more = [outbox()] if function.place == "consumers/send_mail" and not caused else []
        caused.extend(more)
        return {}, more

    caused: list[Mapping[str, Any]] = []
    assert Consequences(invoke).follow([outbox()]).events == 2


def test_a_consumer_that_fails_makes_no_figure() -> None:
    failed = {"batchItemFailures": [{"itemIdentifier": "1"}]}
    with pytest.raises(RuntimeError, match="publish_changes"):
        Consequences(lambda *_: (failed, [])).follow([outbox()])


@pytest.mark.parametrize(
    ("statuses", "steps", "transitions"),
    [
        (("reserved", "paid", "confirmed"), ["reserve_stock", "charge_payment", "confirm_order"], 7),
        (("reserved", "rejected"), ["reserve_stock", "charge_payment", "void_payment", "release_stock"], 7),
        (("rejected",), ["reserve_stock", "void_payment", "release_stock"], 5),
    ],
)
def test_an_execution_takes_the_way_of_its_results(
    statuses: tuple[str, ...], steps: list[str], transitions: int
) -> None:
    taken: list[str] = []

    def run(place: str) -> dict[str, str]:
        taken.append(place.removeprefix("saga/"))
        return {"status": statuses[min(len(taken), len(statuses)) - 1]}

    assert execute(run) == transitions
    assert taken == steps


def test_an_item_takes_its_bytes_and_those_of_its_index_entries() -> None:
    item = {"pk": {"S": "ab"}, "sk": {"S": "é"}, "n": {"N": "1234"}}
    assert output.size(item) == (2 + 2) + (2 + 2) + (1 + 3) + 100
    listed = {**item, "gsi1pk": {"S": "xyz"}, "gsisk": {"S": "1"}}
    positions = (6 + 3) + (5 + 1)
    assert output.size(listed) == output.size(item) + positions + ((2 + 2) + (2 + 2) + positions) + 100


def test_an_item_is_stored_until_it_expires_and_a_year_at_most() -> None:
    month = 730 * 3600
    assert output.months_of_life({}) == 12
    assert output.months_of_life({"expires_at": {"N": str(time.time() + month)}}) == pytest.approx(1, abs=0.01)
    assert output.months_of_life({"expires_at": {"N": str(time.time() + 20 * month)}}) == 12
    assert output.months_of_life({"expires_at": {"N": "1"}}) == 0


def test_only_new_items_take_storage() -> None:
    captured = output.Output()
    captured.items = [{"pk": {"S": "a"}, "sk": {"S": "b"}, "version": {"N": "2"}}]
    assert captured.stored == 0
    captured.items += [{"pk": {"S": "a"}, "sk": {"S": "b"}}]
    assert captured.stored == 12 * (3 + 3 + 100)


def test_lines_are_billed_with_their_overhead_and_with_those_of_lambda() -> None:
    captured = output.Output()
    own = captured.logged
    line = {"_aws": {"CloudWatchMetrics": [{"Dimensions": [["service"]], "Metrics": [{"Name": "Orders"}]}]}}
    text = json.dumps({**line, "service": "lamina", "Orders": 1})
    captured.text.write(f"{text}\n\n")
    assert own == sum(len(each) + 26 for each in output.PLATFORM)
    assert captured.logged == own + len(text) + 26
    assert captured.metrics == ["Orders service=lamina"]


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("PutItem", {"Item": {"pk": {"S": "a"}}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"Item": {"pk": {"S": "a"}}}}, {"Delete": {}}]}),
        (
            "BatchWriteItem",
            {"RequestItems": {"t": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}, {"DeleteRequest": {}}]}},
        ),
    ],
)
def test_whole_items_are_read_from_what_is_written(operation: str, params: Mapping[str, Any]) -> None:
    assert output.written(operation, params) == [{"pk": {"S": "a"}}]
    assert output.written("UpdateItem", params) == []
