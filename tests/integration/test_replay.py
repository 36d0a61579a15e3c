"""What is replayed from the outbox, on every engine: the chosen events, each once, in the order of their subjects."""

from collections.abc import Iterator

import pytest

from lamina.events import publisher
from lamina.events.outbox import OutboxItem
from lamina.events.replaying import NotPublished, Selection, Window, replay
from lamina.ids import ETERNITY
from tests.unit.events.bus import Bus, outbox

pytestmark = pytest.mark.usefixtures("table")

EVER = [Window("0001-01-01T00:00:00.000000Z", ETERNITY)]
PLENTY = 10_000.0


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    made = Bus()
    monkeypatch.setattr(publisher, "_bus", made)
    monkeypatch.setattr(publisher, "BACKOFF_SECONDS", 0)
    publisher._accepted.clear()
    yield made
    publisher._accepted.clear()


def stored(*subjects: str, at: str = "") -> list[OutboxItem]:
    """Events in the table, one for each of these subjects."""
    events = outbox(*subjects)
    for place, item in enumerate(events):
        # The order of ids is that of time; within a millisecond it would be chance.
        item.event_id = f"{place:04}{item.event_id[4:]}"
        item.sk = f"EVENT#{item.event_id}"
        item.created_at = at or item.created_at
        item.save()
    return events


def replayed(selection: Selection, *, dry_run: bool = False) -> list[str]:
    """Ids of what was reported."""
    reported: list[OutboxItem] = []
    replay(selection, PLENTY, reported.append, dry_run=dry_run)
    return [item.event_id for item in reported]


def test_a_window_of_everything_comes_once_and_in_the_order_of_each_subject(bus: Bus) -> None:
    events = stored(*"abcdefghij" * 30)
    reported = replayed(Selection(EVER))
    assert sorted(reported) == sorted(bus.ids) == sorted(item.event_id for item in events)
    for subject in "abcdefghij":
        came = [detail["id"] for detail in bus.taken if detail["subject"] == subject]
        assert came == [item.event_id for item in events if item.subject == subject]


def test_a_subject_is_replayed_alone(bus: Bus) -> None:
    events = stored("a", "b", "a")
    assert replayed(Selection(EVER, subject="a")) == [events[0].event_id, events[2].event_id] == bus.ids


def test_windows_and_types_choose(bus: Bus) -> None:
    early, late = "2026-11-20T09:00:00.000000Z", "2026-11-20T11:00:00.000000Z"
    (first,), (second,) = stored("a", at=early), stored("b", at=late)
    stored("c", at="2026-11-20T10:00:00.000000Z")
    assert set(replayed(Selection([Window(early, early), Window(late, ETERNITY)]))) == {
        first.event_id,
        second.event_id,
    }
    assert replayed(Selection([Window(early, early)], types="session.*")) == []
    assert replayed(Selection([Window(early, early)], types="user.*")) == [first.event_id]
    assert set(bus.ids) == {first.event_id, second.event_id}


def test_a_dry_run_publishes_nothing(bus: Bus) -> None:
    events = stored("a")
    assert replayed(Selection(EVER), dry_run=True) == [events[0].event_id]
    assert bus.taken == []


def test_a_bus_that_takes_nothing_ends_the_replay_and_names_the_subjects(bus: Bus) -> None:
    stored("a", "b")
    bus.answer = lambda _: None
    with pytest.raises(NotPublished, match=r"subjects: [ab]"):
        replayed(Selection(EVER))
