"""Walks over a list that end in time and go on from there."""

from collections.abc import Callable, Sequence
from itertools import chain, repeat

import pytest

from lamina.storage.iteration import HasTime, Interrupted, iterate, keep, place
from lamina.storage.sharded_list import Source
from tests.unit.storage.fake_table import FakePartitions

LIST = Source("gsi1", [f"LIST#{shard}" for shard in range(4)])
POSITIONS = [f"2026-11-{day:02}#{day}" for day in range(1, 24)]


def times(number: int) -> HasTime:
    """Time for so many steps."""
    answers = chain(repeat(True, number), repeat(False))
    return lambda: next(answers)


@pytest.fixture
def filled(fake_index: FakePartitions) -> None:
    for number, position in enumerate(POSITIONS):
        fake_index.rows[LIST.partitions[number % 4]].add(position)


def visiting(seen: list[str]) -> Callable[[Sequence[str]], None]:
    return seen.extend


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("step", [1, 2, 7, 22, 23, 100])
def test_every_entry_is_visited_once_in_order(step: int) -> None:
    seen: list[str] = []
    iterate(LIST, visiting(seen), times(100), step=step)
    assert seen == POSITIONS


@pytest.mark.usefixtures("filled")
def test_a_walk_ends_before_what_lies_beyond_its_bound() -> None:
    seen: list[str] = []
    iterate(LIST, visiting(seen), times(100), step=4, until="2026-11-10#")
    assert seen == POSITIONS[:9]


@pytest.mark.usefixtures("filled")
def test_where_time_runs_out_the_next_walk_goes_on() -> None:
    seen: list[str] = []
    reached: list[str] = []
    with pytest.raises(Interrupted):
        iterate(LIST, visiting(seen), times(2), step=5, note=reached.append)
    assert (seen, reached[-1]) == (POSITIONS[:10], POSITIONS[9])
    iterate(LIST, visiting(seen), times(100), step=5, after=reached[-1])
    assert seen == POSITIONS


@pytest.mark.usefixtures("filled")
def test_a_step_that_fails_is_not_noted() -> None:
    reached: list[str] = []

    def fail(_: object) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        iterate(LIST, fail, times(100), note=reached.append)
    assert reached == []


def test_an_empty_list_is_at_its_end_at_once(fake_index: FakePartitions) -> None:
    assert fake_index.rows == {}
    seen: list[str] = []
    iterate(LIST, visiting(seen), times(1))
    assert seen == []


@pytest.mark.usefixtures("aws")
def test_a_place_is_remembered_without_the_id() -> None:
    keep(place("TEST"), "2026-11-20T09:30:00.000000Z#0190ffff")
    assert place("TEST").position == "2026-11-20T09:30:00.000000Z#"


@pytest.mark.usefixtures("aws")
def test_of_two_walks_at_once_one_leaves_it_to_the_other() -> None:
    first, second = place("TEST"), place("TEST")
    keep(first, "b#1")
    with pytest.raises(Interrupted):
        keep(second, "a#1")
    assert place("TEST").position == "b#"
