"""Counting and putting the counters right, on every engine."""

from datetime import timedelta

import pytest

from lamina.events.request_context import RequestContext
from lamina.users import counting, reconciling, service
from lamina.users.counting import CounterItem, counter_key
from lamina.users.reconciling import CountCheckpointItem, Report, reconcile
from tests.integration.engines import Engine
from tests.integration.population import store, users

NUMBER = 250


def test_the_walk_mends_what_is_wrong_and_nothing_else(table: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "SETTLED", timedelta(0))
    population = users(NUMBER)
    live = [user for user in population if user.deleted_at is None]
    usual = sum((user.role, user.status) == ("viewer", "active") for user in live)
    store(table.client(), population)
    assert reconcile(lambda: True) == Report(finished=True, users=NUMBER)
    CounterItem(*counter_key("viewer#active")).update([CounterItem.amount.set(1)], add_version_condition=False)
    missed = service.create(service.NewUser(email="new@x.io", username="new", name="New"), RequestContext(None, "test"))
    report = reconcile(lambda: True)
    assert (report.users, report.markers, report.unsettled) == (NUMBER + 1, 1, [])
    assert report.corrected == {"viewer#active": (2, usual + 1)}
    assert reconcile(lambda: True).corrected == {}
    assert counting.total() == len(live) + 1
    assert counting.count([counting.membership(missed)]) == 0
    assert list(CountCheckpointItem.scan(consistent_read=True)) == []


def test_users_come_and_go_in_the_counters(table: Engine) -> None:  # noqa: ARG001 (the table must be there)
    population = users(NUMBER)
    assert counting.count(map(counting.membership, population)) == NUMBER
    assert counting.count(map(counting.membership, population)) == 0
    assert counting.count(map(counting.removal, population)) == NUMBER
    assert (counting.total(), counting.total(deleted=True)) == (0, 0)
