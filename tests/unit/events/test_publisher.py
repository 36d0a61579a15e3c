"""The publisher: everything goes out in the order of its subject, whatever the bus refuses and whenever."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.events import publisher
from lamina.events.catalog import USER_CREATED
from lamina.events.outbox import MAX_DATA_BYTES, OutboxItem, event
from lamina.events.publisher import publish
from lamina.events.stream import publish_records
from tests.unit.events.bus import Bus, outbox, records

UNREADABLE = {"pk": {"S": "USER#a"}, "kind": {"S": "event"}}

subjects = st.lists(st.sampled_from("abcdefghijklmn"), max_size=40)
faults = st.lists(st.none() | st.sets(st.integers(0, 9), max_size=4), max_size=30)
"""What fails of each request in turn; afterwards nothing does."""
reset_publisher = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    """An empty bus in place of EventBridge, and a publisher that remembers nothing and waits for nothing."""
    made = Bus()
    monkeypatch.setattr(publisher, "_bus", made)
    monkeypatch.setattr(publisher, "BACKOFF_SECONDS", 0)
    publisher._accepted.clear()
    yield made
    publisher._accepted.clear()


def by_subject(events: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Ids by subject, each at its first coming."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for subject, event_id in events:
        if event_id not in found[subject]:
            found[subject].append(event_id)
    return found


def wanted(events: list[OutboxItem]) -> dict[str, list[str]]:
    return by_subject((item.subject, item.event_id) for item in events)


def seen(bus: Bus) -> dict[str, list[str]]:
    return by_subject((detail["subject"], detail["id"]) for detail in bus.taken)


def reset(bus: Bus, failing: list[set[int] | None]) -> None:
    publisher._accepted.clear()
    bus.taken.clear()
    bus.requests.clear()
    left = iter(failing)
    bus.answer = lambda _: next(left, set())


@reset_publisher
@given(subjects, faults)
def test_what_is_not_taken_is_named_and_nothing_overtakes_anything(
    bus: Bus, names: list[str], failing: list[set[int] | None]
) -> None:
    reset(bus, failing)
    events = outbox(*names)
    left = publish(events)
    assert {item.event_id for item in events} - left == set(bus.ids)
    assert len(bus.ids) == len(set(bus.ids))
    for subject, ids in wanted(events).items():
        assert ids[: len(seen(bus).get(subject, []))] == seen(bus).get(subject, [])


@reset_publisher
@given(subjects, faults, st.sets(st.integers(0, 30)))
def test_a_stream_that_brings_a_batch_again_loses_nothing_and_turns_no_order_round(
    bus: Bus, names: list[str], failing: list[set[int] | None], deaths: set[int]
) -> None:
    """As Lambda does: from the record on that was named; now and then in a process that remembers nothing."""
    reset(bus, failing)
    events = outbox(*names)
    batch, attempt = records(events), 0
    while (failed := publish_records(batch, lambda: True)) is not None:
        batch = [record for record in batch if int(record["dynamodb"]["SequenceNumber"]) >= int(failed)]
        attempt += 1
        if attempt in deaths:
            publisher._accepted.clear()
    assert seen(bus) == wanted(events)
    assert deaths or len(bus.ids) == len(events)


@reset_publisher
@given(subjects, st.integers(0, MAX_DATA_BYTES - 100))
def test_a_request_is_as_large_as_it_may_be_and_holds_each_subject_once(
    bus: Bus, names: list[str], padding: int
) -> None:
    reset(bus, [])
    assert publish(outbox(*names, padding=padding)) == set()
    for entries in bus.requests:
        about = [json.loads(entry["Detail"])["subject"] for entry in entries]
        assert len(about) == len(set(about)) <= 10
        size = sum(len(entry[part].encode()) for entry in entries for part in ("Source", "DetailType", "Detail"))
        assert size <= 256 * 1024


def test_events_of_ten_subjects_go_out_in_one_request(bus: Bus) -> None:
    publish(outbox(*"abcdefghij"))
    assert [len(entries) for entries in bus.requests] == [10]


def test_a_refused_event_holds_up_its_subject_alone(bus: Bus) -> None:
    events = outbox("a", "b", "a", "b")
    refused = events[0].event_id
    bus.answer = lambda entries: {place for place, entry in enumerate(entries) if refused in entry["Detail"]}
    assert publish(events) == {events[0].event_id, events[2].event_id}
    assert bus.ids == [events[1].event_id, events[3].event_id]


def test_what_the_bus_takes_at_a_second_try_is_published_without_the_stream(bus: Bus) -> None:
    answers = iter([{0}, None])
    bus.answer = lambda _: next(answers, set())
    events = outbox("a", "a", "b")
    assert publish(events) == set()
    assert seen(bus) == wanted(events)


def test_a_bus_that_does_not_respond_gets_a_few_requests_and_not_one_per_event(bus: Bus) -> None:
    bus.answer = lambda _: None
    assert len(publish(outbox(*"abcdefghijklmnopqrstuvwxyz"))) == 26
    assert len(bus.requests) == publisher.ROUNDS


def test_a_publisher_that_is_out_of_time_says_what_it_has_not_done(bus: Bus) -> None:
    events = outbox("a", "a", "a", "a")
    assert publish(events, lambda: len(bus.requests) < 2) == {events[2].event_id, events[3].event_id}


def test_of_a_redelivered_batch_only_missing_events_are_published(bus: Bus) -> None:
    events = outbox("a", "b")
    refused = events[0].event_id
    bus.answer = lambda entries: {place for place, entry in enumerate(entries) if refused in entry["Detail"]}
    assert publish_records(records(events), lambda: True) == "0"
    bus.answer = lambda _: set()
    assert publish_records(records(events), lambda: True) is None
    assert bus.ids == [events[1].event_id, events[0].event_id]


@pytest.mark.parametrize("image", [UNREADABLE, {}, {"pk": {"N": "1"}}, {"kind": {"S": "user"}}])
def test_a_record_that_cannot_be_read_holds_up_its_subject_alone(bus: Bus, image: dict[str, Any]) -> None:
    events = outbox("a", "b", "a", "b")
    batch = records(events)
    batch[0]["dynamodb"]["NewImage"] = image
    assert publish_records(batch, lambda: True) == "0"
    assert bus.ids == [events[1].event_id, events[3].event_id]


def test_data_that_the_bus_could_not_carry_are_refused_when_the_event_is_raised() -> None:
    many = USER_CREATED.of({"id": "a", "role": "x" * MAX_DATA_BYTES, "status": "active"})
    with pytest.raises(ValueError, match=r"user\.created"):
        event(many, "a", actor=None, correlation_id="test")


def test_the_publisher_counts_what_it_publishes_and_what_it_holds_up(
    bus: Bus, capsys: pytest.CaptureFixture[str]
) -> None:
    bus.answer = lambda entries: {place for place, entry in enumerate(entries) if '"a"' in entry["Detail"]}
    publish_records(records(outbox("a", "b", "b")), lambda: True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [(line["EventsPublished"], line["EventsHeldUp"]) for line in lines] == [([2.0], [1.0])]
