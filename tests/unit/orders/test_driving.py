"""What drives orders on: executions, the sweep, notifications of the provider, and the comparison with it."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from lamina import ids
from lamina.access.policy import Caller, Role
from lamina.orders import charging, executions, reconciling, service, steps, store, sweeping
from lamina.orders.model import Order, OrderStatus, RejectionReason
from lamina.orders.reconciling import reconcile_payments
from lamina.orders.sweeping import sweep_orders
from lamina.payments import stripe
from lamina.payments.model import NewPayment
from lamina.payments.provider import PaymentUnavailable
from lamina.payments.stripe import Stripe
from lamina.resilience.circuit import Circuit
from lamina.settings import settings
from local.payments.notify import headers
from tests.support.aging import age_order
from tests.support.aws import Api, make_user, table_client
from tests.support.callers import acting
from tests.support.log import Log
from tests.support.payments import API_KEY, SECRET, Provider, running
from tests.unit.orders.orders import CONTEXT, create_product, place

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def customer(aws: None) -> Caller:  # noqa: ARG001 (a fixture that must be there)
    return acting(make_user("customer"))


@pytest.fixture
def order(customer: Caller) -> Order:
    editor = acting(make_user("editor", Role.EDITOR))
    return place(customer, (create_product(editor, "MUG"), 2))


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def payments(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Stripe:
    own = Circuit(f"payments-{uuid4()}", lambda error: isinstance(error, PaymentUnavailable))
    monkeypatch.setattr(stripe, "circuit", own)
    client = Stripe(provider.url, API_KEY)
    monkeypatch.setattr(reconciling, "provider", lambda: client)
    return client


def started_for(order: Order) -> list[str]:
    """The names of the executions that were started for an order."""
    client = boto3.client("stepfunctions")
    found = client.list_executions(stateMachineArn=settings().saga)["executions"]
    return [each["name"] for each in found if each["name"].startswith(order.id)]


def aged(order: Order, seconds: int) -> Order:
    age_order(table_client(), settings().table, order.id, seconds)
    return order


def always() -> bool:
    return True


def test_an_execution_is_started_once_for_an_event(order: Order) -> None:
    event: Any = {"id": ids.new_id(), "subject": order.id, "correlation_id": "test"}
    for _ in range(2):
        executions.follow(event)
    assert started_for(order) == [f"{order.id}-{event['id']}"]


def test_a_silent_order_is_driven_on_and_others_are_not(order: Order) -> None:
    assert sweep_orders(always).started == 0
    aged(order, sweeping.SILENT_SECONDS + 10)
    assert sweep_orders(always, dry_run=True).started == 1
    assert started_for(order) == []
    report = sweep_orders(always)
    assert (report.finished, report.started, report.expired) == (True, 1, 0)
    assert len(started_for(order)) == 1


def test_an_order_that_is_too_old_is_rejected_and_gives_back_what_it_holds(order: Order) -> None:
    steps.reserve(order.id, CONTEXT)
    aged(order, sweeping.EXPIRES_SECONDS + 10)
    assert sweep_orders(always, dry_run=True).expired == 1
    assert store.load(order.id).status == OrderStatus.RESERVED
    report = sweep_orders(always)
    assert (report.started, report.expired) == (1, 1)
    rejected = store.load(order.id)
    assert (rejected.status, rejected.reason) == (OrderStatus.REJECTED, RejectionReason.EXPIRED)
    assert len(started_for(order)) == 1


def test_an_order_that_is_settled_is_left_alone(order: Order) -> None:
    steps.reserve(order.id, CONTEXT)
    service.cancel(order.id, CONTEXT)
    steps.release(order.id, CONTEXT)
    aged(order, sweeping.SILENT_SECONDS + 10)
    assert sweep_orders(always).started == 0


def test_a_sweep_without_time_starts_nothing_and_says_that_it_has_not_finished(order: Order) -> None:
    aged(order, sweeping.SILENT_SECONDS + 10)
    report = sweep_orders(lambda: False)
    assert (report.finished, report.started) == (False, 0)


def notify(order_id: str, secret: str = SECRET, **more: Any) -> int:
    """Send a notification about an order; the status."""
    event = {"id": f"evt_{uuid4().hex}", "data": {"object": {"metadata": {"order_id": order_id}}}, **more}
    body = json.dumps(event)
    return Api().post("/v1/payments/webhook", body, headers=headers(body.encode(), secret)).status


def test_a_notification_drives_its_order_on(order: Order) -> None:
    assert notify(order.id, type="payment_intent.succeeded", livemode=False) == 204
    assert len(started_for(order)) == 1


def test_notifications_that_are_not_signed_by_the_provider_do_nothing(order: Order) -> None:
    assert notify(order.id, secret="another") == 400
    assert started_for(order) == []


def test_notifications_about_what_is_settled_or_unknown_are_accepted_and_do_nothing(order: Order) -> None:
    service.cancel(order.id, CONTEXT)
    assert store.load(order.id).is_settled
    for about in (order.id, ids.new_id(), "not an id"):
        assert notify(about) == 204
    assert started_for(order) == []


def compared(provider: Provider, **report: int) -> None:
    """Compare payments and orders, all of them an hour old."""
    for intent in provider.store.since(0, None, 100):
        intent.created -= reconciling.SETTLED_SECONDS + 10
        provider.store.save(intent)
    found = reconcile_payments(always)
    assert found.finished
    assert {name: getattr(found, name) for name in report} == report


def test_payments_that_are_as_their_orders_say_are_no_difference(
    order: Order, provider: Provider, payments: Stripe
) -> None:
    payments.start(NewPayment(order_id=order.id, amount=300, currency="EUR"), attempt=7)
    steps.reserve(order.id, CONTEXT)
    charging.charge(order.id, payments, CONTEXT)
    steps.confirm(order.id, CONTEXT)
    assert reconcile_payments(always).payments == 0  # they are too young
    compared(provider, payments=2, differences=0, started=0)


def test_an_order_whose_charge_nobody_recorded_is_driven_on(order: Order, provider: Provider, payments: Stripe) -> None:
    steps.reserve(order.id, CONTEXT)
    opened = payments.start(NewPayment(order_id=order.id, amount=300, currency="EUR"))
    steps.open_payment(order.id, opened.reference, CONTEXT)
    payments.charge(opened.reference, "pm_card_visa")
    compared(provider, differences=0, started=1)
    assert len(started_for(order)) == 1


def test_a_charge_without_an_order_is_reported(order: Order, provider: Provider, payments: Stripe, log: Log) -> None:
    steps.reserve(order.id, CONTEXT)
    charging.charge(order.id, payments, CONTEXT)
    steps.confirm(order.id, CONTEXT)
    for order_id in ("", ids.new_id(), order.id):
        opened = payments.start(NewPayment(order_id=order_id, amount=300, currency="EUR"), attempt=7)
        payments.charge(opened.reference, "pm_card_visa")
    compared(provider, payments=4, differences=3)
    assert log.text.count("payment differs from its order") == 3


def test_a_payment_that_somebody_refunds_at_the_provider_is_reported(
    order: Order, provider: Provider, payments: Stripe
) -> None:
    steps.reserve(order.id, CONTEXT)
    paid = charging.charge(order.id, payments, CONTEXT)
    steps.confirm(order.id, CONTEXT)
    payments.void(paid.payment.reference)
    compared(provider, differences=1)


def test_a_comparison_without_time_says_that_it_has_not_finished(
    order: Order, provider: Provider, payments: Stripe
) -> None:
    payments.start(NewPayment(order_id=order.id, amount=300, currency="EUR"))
    assert provider.store.since(0, None, 10)
    assert not reconcile_payments(lambda: False).finished
