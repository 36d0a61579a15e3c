"""The walk that puts the counters right."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import pytest

from functions.schedules import reconcile_counts
from lamina.events import schedule
from lamina.events.request_context import RequestContext
from lamina.users import counting, reconciling, service
from lamina.users.counting import CounterItem, Membership, counter_key
from lamina.users.model import Status, User
from lamina.users.reconciling import CountCheckpointItem, Report, reconcile
from lamina.users.service import NewUser
from tests.support.aws import Context

pytestmark = pytest.mark.usefixtures("aws")

CONTEXT = RequestContext(None, "test")


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
    return [service.create(NewUser(email=f"{name}@x.io", username=name * 3, name=name), CONTEXT) for name in names]


def counted(names: str) -> list[User]:
    users = make(names)
    counting.count(map(counting.membership, users))
    return users


def spoil(bucket: str, amount: int) -> None:
    """Set a counter as no code of ours does."""
    CounterItem(*counter_key(bucket)).update([CounterItem.amount.set(amount)], add_version_condition=False)


def delete(user: User) -> User:
    service.delete(user.id, CONTEXT, if_version=lambda _: True)
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
    somebody, *_ = make("abc")
    service.update(somebody.id, {"status": Status.SUSPENDED}, CONTEXT, if_version=lambda _: True)
    assert reconcile(always).markers == 3
    spoil("viewer#active", 7)
    spoil("viewer#suspended", 0)
    assert reconcile(always).corrected == {"viewer#active": (7, 2), "viewer#suspended": (0, 1)}
    assert counting.total() == counting.total(role="viewer") == 3
    assert reconcile(always).corrected == {}


def test_counters_that_are_lost_or_that_nobody_is_in_are_corrected_too() -> None:
    counted("ab")
    CounterItem(*counter_key("viewer#active")).delete(add_version_condition=False)
    counting.count([Membership("0190c6c0-0000-7000-8000-00000000ffff", "admin#active", 1)])
    CounterItem(*counter_key("viewer#active")).delete(add_version_condition=False)
    report = reconcile(always)
    assert report.corrected["viewer#active"] == (0, 2)
    assert report.corrected["admin#active"] == (1, 0)


def test_wider_counters_of_an_earlier_release_are_set_to_zero() -> None:
    counted("ab")
    CounterItem(*counter_key("#"), amount=2).save()
    assert reconcile(always).corrected == {"#": (2, 0)}
    assert reconcile(always).corrected == {}


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    counted("abc")
    make("d")
    spoil("viewer#active", 7)
    report = reconcile(always, dry_run=True)
    assert (report.users, report.markers, report.corrected) == (4, 1, {"viewer#active": (7, 3)})
    assert counting.total() == 7
    assert list(CountCheckpointItem.scan()) == []


def test_a_walk_goes_on_where_time_ran_out() -> None:
    counted("abcdefg")
    spoil("viewer#active", 1)
    first = reconcile(steps(2))
    assert (first.finished, first.users, first.corrected) == (False, 4, {})
    assert not reconcile(steps(0)).finished
    last = reconcile(always)
    assert (last.finished, last.users, last.corrected) == (True, 3, {"viewer#active": (1, 7)})
    assert list(CountCheckpointItem.scan()) == []


def test_a_counter_that_moves_during_the_walk_is_corrected_by_what_that_cannot_explain() -> None:
    counted("abc")
    spoil("viewer#active", 9)
    reconcile(steps(1))
    counted("d")
    report = reconcile(always)
    assert (report.corrected["viewer#active"], report.unsettled) == ((10, 5), ["viewer#active"])
    assert reconcile(always).corrected == {"viewer#active": (5, 4)}


@pytest.mark.exhaustive
@pytest.mark.parametrize("wrong", [50, -50, 0])
def test_a_counter_that_never_stands_still_is_corrected_and_a_right_one_never_spoilt(wrong: int) -> None:
    chance = random.Random(wrong)  # noqa: S311 (a test that repeats itself)
    users = counted("abcdefghij")
    spoil("viewer#active", 10 + wrong)
    living = 10
    for _ in range(6):
        moves = 0
        while not reconcile(steps(1)).finished:
            moves += _somebody_moves(users, chance)
        living = sum(user.deleted_at is None for user in map(_stored, users))
        assert abs(counting.total() - living) <= (moves if wrong else 0)
    # Once nobody moves, nothing is left of it.
    while not (report := reconcile(always)).finished or report.unsettled:
        pass
    assert counting.total() == living
    assert counting.total(deleted=True) == len(users) - living


def _somebody_moves(users: list[User], chance: random.Random) -> int:
    """Have a user made, deleted, restored or given another status, and counted."""
    user = _stored(chance.choice(users))
    if chance.random() < 0.3:
        name = f"{chance.choice('klmnopqrstuvwxyz')}{len(users)}"
        user = service.create(NewUser(email=f"{name}@x.io", username=name * 3, name=name), CONTEXT)
        users.append(user)
    elif user.deleted_at:
        service.restore(user.id, CONTEXT)
    elif chance.random() < 0.5:
        delete(user)
    else:
        status = chance.choice(list(Status))
        service.update(user.id, {"status": status}, CONTEXT, if_version=lambda _: True)
    return counting.count([counting.membership(_stored(user))])


def _stored(user: User) -> User:
    return service.get_many([user.id])[user.id]


def test_a_counter_that_moves_as_it_is_corrected_is_right_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    counted("abc")
    spoil("viewer#active", 9)
    change = counting.change

    def moves_first(bucket: str, *changes: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(counting, "change", change)
            counted("d" if bucket == "viewer#active" else "")
        return change(bucket, *changes)

    monkeypatch.setattr(counting, "change", moves_first)
    assert reconcile(always).corrected == {"viewer#active": (9, 3)}
    assert counting.total() == 4


def test_a_counter_that_moved_just_before_the_walk_may_be_ahead_of_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    counted("abc")
    spoil("viewer#active", 9)
    monkeypatch.setattr(reconciling, "SETTLED", timedelta(minutes=1))
    assert reconcile(always).unsettled == ["viewer#active"]


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
