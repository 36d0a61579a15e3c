"""The walk that puts the counters right."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain, repeat

import pytest

from functions.schedules import reconcile_counts
from lamina.events import schedule
from lamina.events.cause import Cause
from lamina.users import counting, reconciling, service
from lamina.users.counting import CounterItem, Standing, counter_key
from lamina.users.model import User
from lamina.users.reconciling import Report, WalkItem, reconcile
from lamina.users.service import NewUser
from tests.aws import Context

pytestmark = pytest.mark.usefixtures("aws")

CAUSE = Cause(None, "test")


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walk two users a step, and take a counter for settled at once."""
    monkeypatch.setattr(reconciling, "STEP", 2)
    monkeypatch.setattr(reconciling, "SETTLED", timedelta(0))


def always() -> bool:
    return True


def steps(number: int) -> Callable[[], bool]:
    """Time for so many steps."""
    answers: Iterator[bool] = chain(repeat(True, number), repeat(False))
    return lambda: next(answers)


def make(names: str) -> list[User]:
    return [service.create(NewUser(email=f"{name}@x.io", username=name * 3, name=name), CAUSE) for name in names]


def counted(names: str) -> list[User]:
    users = make(names)
    counting.count(map(counting.standing, users))
    return users


def spoil(bucket: str, amount: int) -> None:
    """Set a counter as no code of ours does."""
    CounterItem(*counter_key(bucket)).update([CounterItem.amount.set(amount)], add_version_condition=False)


def delete(user: User) -> User:
    service.delete(user.id, CAUSE, if_version=lambda _: True)
    return user


def test_where_all_is_well_nothing_is_done() -> None:
    counted("abcde")
    assert reconcile(always) == Report(finished=True, users=5)
    assert reconcile(always).finished


def test_users_that_the_stream_has_not_brought_are_counted() -> None:
    users = make("abc")
    delete(users[0])
    report = reconcile(always)
    assert (report.users, report.markers) == (3, 3)
    assert (counting.total(), counting.total(deleted=True)) == (2, 1)


def test_a_counter_that_is_wrong_for_certain_is_corrected() -> None:
    counted("abc")
    spoil("#", 7)
    spoil("viewer#", 0)
    assert reconcile(always).corrected == {"#": (7, 3), "viewer#": (0, 3)}
    assert counting.total() == counting.total(role="viewer") == 3
    assert reconcile(always).corrected == {}


def test_counters_that_are_lost_or_that_nobody_is_in_are_corrected_too() -> None:
    counted("ab")
    CounterItem(*counter_key("#")).delete(add_version_condition=False)
    counting.count([Standing("0190c6c0-0000-7000-8000-00000000ffff", "admin#active", 1)])
    CounterItem(*counter_key("#")).delete(add_version_condition=False)
    report = reconcile(always)
    assert report.corrected["#"] == (0, 2)
    assert report.corrected["admin#active"] == (1, 0)


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    counted("abc")
    make("d")
    spoil("#", 7)
    report = reconcile(always, dry_run=True)
    assert (report.users, report.markers, report.corrected) == (4, 1, {"#": (7, 3)})
    assert counting.total() == 7
    assert list(WalkItem.scan()) == []


def test_a_walk_goes_on_where_time_ran_out() -> None:
    counted("abcdefg")
    spoil("#", 1)
    first = reconcile(steps(2))
    assert (first.finished, first.users, first.corrected) == (False, 4, {})
    assert not reconcile(steps(0)).finished
    last = reconcile(always)
    assert (last.finished, last.users, last.corrected) == (True, 3, {"#": (1, 7)})
    assert list(WalkItem.scan()) == []


def test_a_counter_that_moves_during_the_walk_waits_for_the_next() -> None:
    counted("abc")
    spoil("#", 9)
    reconcile(steps(1))
    counted("d")
    assert reconcile(always).unsettled == ["#"]
    assert counting.total() == 10
    assert reconcile(always).corrected == {"#": (10, 4)}


def test_a_counter_that_moves_as_it_is_corrected_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    counted("abc")
    spoil("#", 9)
    stood_still = reconciling._stood_still

    def and_then_moves(*about: object) -> bool:
        counted("d")
        return stood_still(*about)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(reconciling, "_stood_still", and_then_moves)
    assert reconcile(always).unsettled == ["#"]
    assert counting.total() == 10


def test_a_counter_that_moved_just_before_the_walk_may_be_ahead_of_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    counted("abc")
    spoil("#", 9)
    monkeypatch.setattr(reconciling, "SETTLED", timedelta(minutes=1))
    assert reconcile(always).unsettled == ["#"]


def test_somebody_who_is_deleted_behind_the_walk_is_not_counted_twice() -> None:
    users = counted("abc")
    reconcile(steps(1))
    delete(users[0])
    report = reconcile(always)
    assert report.corrected == {}
    assert (counting.total(), counting.total(deleted=True)) == (2, 1)
    assert reconcile(always) == Report(finished=True, users=3)


class Hurry(Context):
    """An invocation that has five seconds left."""

    def get_remaining_time_in_millis(self) -> int:
        return 5000


def test_the_function_stops_in_time_and_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    counted("abc")
    assert reconcile_counts.handler({"dry_run": True}, Hurry())["finished"] is False  # type: ignore[arg-type]  # it has what is read
    monkeypatch.setattr(schedule, "RESERVE_MILLISECONDS", 1000)
    report = reconcile_counts.handler({}, Hurry())  # type: ignore[arg-type]  # it has what is read of a context
    assert report == {"finished": True, "users": 3, "markers": 0, "corrected": {}, "unsettled": []}
