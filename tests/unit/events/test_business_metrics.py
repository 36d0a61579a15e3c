"""Business metrics: registrations, orders and revenue are counted once, when their events are published."""

import json
from typing import Any

import pytest

from lamina.events import publisher
from lamina.events.catalog import ORDER_CONFIRMED, ORDER_PLACED, PAYMENT_REFUNDED, USER_CREATED, OrderFacts
from lamina.events.outbox import OutboxItem, event
from lamina.events.stream import publish_records
from tests.unit.events.bus import Bus, records


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    """An empty bus in place of EventBridge, and a publisher that remembers nothing."""
    made = Bus()
    monkeypatch.setattr(publisher, "_bus", made)
    monkeypatch.setattr(publisher, "BACKOFF_SECONDS", 0)
    publisher._accepted.clear()
    return made


def registered(by: str | None = None) -> OutboxItem:
    return event(USER_CREATED.of({"id": "a", "role": "viewer", "status": "active"}), "a", actor=by, correlation_id="c")


def order(kind: Any, subject: str, amount: int = 0, currency: str = "EUR") -> OutboxItem:
    facts: OrderFacts = {"id": subject, "owner_id": "u", "status": "paid", "amount": amount, "currency": currency}
    return event(kind.of(facts), subject, actor=None, correlation_id="c")


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]


def test_registrations_and_orders_are_counted_and_users_that_others_create_are_not(
    bus: Bus, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [registered(), registered(by="admin"), order(ORDER_PLACED, "o1"), order(ORDER_PLACED, "o2")]
    publish_records(records(events), lambda: True)
    (line,) = written(capsys)
    assert (line["Registrations"], line["OrdersPlaced"]) == ([1.0], [2.0])
    assert "OrdersConfirmed" not in line
    assert len(bus.taken) == 4


@pytest.mark.usefixtures("bus")
def test_revenue_and_refunds_are_summed_up_by_currency(capsys: pytest.CaptureFixture[str]) -> None:
    confirmed = [("o1", 500, "EUR"), ("o2", 700, "EUR"), ("o3", 900, "JPY")]
    events = [order(ORDER_CONFIRMED, *each) for each in confirmed] + [order(PAYMENT_REFUNDED, "o4", 100)]
    publish_records(records(events), lambda: True)
    lines = written(capsys)
    amounts = {
        (name, line["currency"]): line[name] for line in lines for name in ("Revenue", "Refunds") if name in line
    }
    assert amounts == {("Revenue", "EUR"): [1200.0], ("Revenue", "JPY"): [900.0], ("Refunds", "EUR"): [100.0]}


def test_what_is_not_published_is_counted_later_and_what_is_delivered_again_is_not(
    bus: Bus, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = records([order(ORDER_PLACED, "o1"), order(ORDER_PLACED, "o2")])
    bus.answer = lambda entries: {place for place, entry in enumerate(entries) if '"o1"' in entry["Detail"]}
    publish_records(batch, lambda: True)
    bus.answer = lambda _: set()
    publish_records(batch, lambda: True)
    assert [line["OrdersPlaced"] for line in written(capsys)] == [[1.0], [1.0]]
