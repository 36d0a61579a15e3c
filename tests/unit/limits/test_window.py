"""Windows slide: so many requests in any quarter of an hour, and none more."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lamina.ids import new_id
from lamina.limits import window
from lamina.limits.window import SLOTS, Limit, LimitReached
from lamina.settings import settings
from tests.support.aws import table_client
from tests.support.people import Clock, Work

LIMIT = Limit("test", 5)
pytestmark = pytest.mark.usefixtures("aws")


def passes(limit: Limit = LIMIT, subject: str = "ann") -> bool:
    try:
        window.spend(limit, subject)
    except LimitReached:
        return False
    return True


def stored() -> list[dict[str, Any]]:
    items = table_client().scan(TableName=settings().table)["Items"]
    return [dict(item) for item in items]


def test_the_fifth_passes_and_the_sixth_does_not(clock: Clock) -> None:
    assert [passes() for _ in range(6)] == [True] * 5 + [False]
    clock.forward(899)
    assert not passes()


def test_remaining_requests_and_reset_time_are_returned(clock: Clock) -> None:
    quotas = [window.spend(LIMIT, "ann") for _ in range(5)]
    assert [quota.remaining for quota in quotas] == [4, 3, 2, 1, 0]
    with pytest.raises(LimitReached) as refused:
        window.spend(LIMIT, "ann")
    quota = refused.value.quota
    assert (quota.limit, quota.remaining) == (5, 0)
    assert 900 <= quota.reset <= 900 + LIMIT.slot_seconds
    clock.forward(quota.reset - 1)
    assert not passes()
    clock.forward(1)
    assert passes()


def test_a_window_slides_and_does_not_restart(clock: Clock) -> None:
    for _ in range(5):
        assert passes()
        clock.forward(100)
    clock.forward(400)
    assert not passes()  # 900 s after the first, within its slot
    clock.forward(LIMIT.slot_seconds)
    assert [passes(), passes()] == [True, False]
    clock.forward(100)
    assert [passes(), passes()] == [True, False]


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pauses=st.lists(st.integers(0, 400), min_size=6, max_size=25))
def test_in_no_quarter_of_an_hour_more_than_the_limit_pass(clock: Clock, pauses: list[int]) -> None:
    subject, passed = new_id(), list[float]()
    for pause in pauses:
        clock.forward(pause)
        recent = [instant for instant in passed if instant > clock.now - LIMIT.seconds - LIMIT.slot_seconds]
        if passes(subject=subject):
            passed.append(clock.now)
        else:
            assert len(recent) >= LIMIT.requests  # never refused too early, but for the one slot
        assert sum(instant > clock.now - LIMIT.seconds for instant in passed) <= LIMIT.requests


def test_subjects_and_limits_do_not_meet(clock: Clock) -> None:
    assert clock.now
    for _ in range(5):
        passes()
    assert not passes()
    assert passes(subject="bob")
    assert passes(Limit("other", 5))


def test_a_request_costs_one_write_and_a_refused_one_changes_nothing(clock: Clock, work: Work) -> None:
    for _ in range(5):
        passes()
    assert dict(work.counts) == {"UpdateItem": 5}
    before = stored()
    assert not passes()
    assert stored() == before
    clock.forward(60)
    assert not passes()
    assert stored() == before


def test_the_table_forgets_a_window_once_it_is_over(clock: Clock) -> None:
    passes()
    (item,) = stored()
    assert clock.now + 900 <= int(item["expires_at"]["N"]) <= clock.now + 900 + LIMIT.slot_seconds
    assert "ann" not in str(item)


def test_an_item_does_not_grow_beyond_its_slots(clock: Clock) -> None:
    wide = Limit("wide", 10_000)
    for _ in range(3 * SLOTS):
        window.spend(wide, "ann")
        clock.forward(wide.slot_seconds)
    (item,) = stored()
    assert len(item) <= SLOTS + 8


def test_a_request_that_is_taken_back_was_not_made(clock: Clock) -> None:
    assert clock.now
    for _ in range(20):
        assert passes()
        window.refund(LIMIT, "ann")
    assert [passes() for _ in range(6)] == [True] * 5 + [False]


def test_nothing_can_be_taken_back_that_was_not_made(clock: Clock) -> None:
    window.refund(LIMIT, "ann")
    passes()
    clock.forward(2 * LIMIT.slot_seconds)
    window.refund(LIMIT, "ann")
    assert [passes() for _ in range(5)] == [True] * 4 + [False]


def test_what_is_taken_back_just_after_the_slot_moved_on_is_not_counted(clock: Clock) -> None:
    """Else refused tries, sent at the right moments, fill a window that they must not."""
    for _ in range(20):
        assert passes()
        clock.forward(LIMIT.slot_seconds)
        window.refund(LIMIT, "ann")
    assert [passes() for _ in range(6)] == [True] * 5 + [False]


def test_of_two_requests_in_two_slots_each_is_taken_back(clock: Clock) -> None:
    assert passes()
    clock.forward(LIMIT.slot_seconds)
    assert passes()
    for _ in range(3):
        window.refund(LIMIT, "ann")
    assert [passes() for _ in range(6)] == [True] * 5 + [False]


def test_what_was_cleared_is_forgotten(clock: Clock) -> None:
    assert clock.now
    for _ in range(5):
        passes()
    window.clear(LIMIT, "ann")
    assert passes()


def test_a_clock_that_runs_behind_counts_as_well(clock: Clock) -> None:
    for _ in range(4):
        passes()
    clock.forward(-60)
    assert [passes(), passes()] == [True, False]
