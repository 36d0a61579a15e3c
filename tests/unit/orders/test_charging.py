"""The steps of an order that call the payment provider, with the simulator of it."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from lamina.access.policy import Caller, Role
from lamina.money import Money
from lamina.orders import charging, service, steps, store
from lamina.orders.model import Order, OrderStatus, PaymentStatus, Pieces, RejectionReason
from lamina.payments import stripe
from lamina.payments.model import NewPayment
from lamina.payments.provider import PaymentUnavailable
from lamina.payments.stripe import Stripe
from lamina.resilience.circuit import Circuit
from tests.support.aws import make_user
from tests.support.callers import acting
from tests.support.payments import API_KEY, Provider, running
from tests.unit.orders.orders import CONTEXT, create_product, place

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def payments(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Stripe:
    own = Circuit(f"payments-{uuid4()}", lambda error: isinstance(error, PaymentUnavailable))
    monkeypatch.setattr(stripe, "circuit", own)
    return Stripe(provider.url, API_KEY)


@pytest.fixture
def customer(aws: None) -> Caller:  # noqa: ARG001 (a fixture that must be there)
    return acting(make_user("customer"))


def reserved(customer: Caller, method: str = "pm_card_visa", **product: object) -> Order:
    editor = acting(make_user("editor", Role.EDITOR))
    order = place(customer, (create_product(editor, "MUG", **product), 2), method=method)
    return steps.reserve(order.id, CONTEXT)


def settled(order: Order, payments: Stripe) -> Order:
    """The order after it was compensated."""
    charging.void(order.id, payments, CONTEXT)
    return steps.release(order.id, CONTEXT)


def test_a_reserved_order_is_charged_once(customer: Caller, payments: Stripe, provider: Provider) -> None:
    order = reserved(customer)
    paid = charging.charge(order.id, payments, CONTEXT)
    for each in (paid, charging.charge(order.id, payments, CONTEXT)):
        assert (each.status, each.payment.status) == (OrderStatus.PAID, PaymentStatus.CHARGED)
    intent = provider.intent(paid.payment.reference)
    assert (intent.charges, intent.amount, intent.metadata) == (1, 300, {"order_id": order.id})


def test_a_declined_order_is_rejected_and_gives_everything_back(
    customer: Caller, payments: Stripe, provider: Provider
) -> None:
    order = reserved(customer, "pm_card_chargeDeclined")
    rejected = charging.charge(order.id, payments, CONTEXT)
    assert (rejected.status, rejected.reason, rejected.owes) == (
        OrderStatus.REJECTED,
        RejectionReason.PAYMENT_DECLINED,
        True,
    )
    after = settled(order, payments)
    assert (after.payment.status, after.pieces, after.is_settled) == (PaymentStatus.CANCELLED, Pieces.NONE, True)
    assert provider.intent(after.payment.reference).status == "canceled"


def test_an_order_that_costs_nothing_needs_no_provider(customer: Caller) -> None:
    order = reserved(customer, price=Money(0, "EUR"))
    nowhere = Stripe("http://127.0.0.1:9", API_KEY)
    assert charging.charge(order.id, nowhere, CONTEXT).status == OrderStatus.PAID
    service.cancel(order.id, CONTEXT)
    assert settled(order, nowhere).is_settled


def test_an_order_that_is_cancelled_before_it_is_charged_is_not_charged(
    customer: Caller, payments: Stripe, provider: Provider
) -> None:
    order = reserved(customer)
    service.cancel(order.id, CONTEXT)
    assert charging.charge(order.id, payments, CONTEXT).status == OrderStatus.CANCELLED
    assert settled(order, payments).is_settled
    assert provider.store.since(0, None, 10) == []


def test_an_order_that_is_cancelled_while_it_is_charged_is_refunded(
    customer: Caller, payments: Stripe, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = reserved(customer)
    charge = payments.charge

    def charge_late(reference: str, method: str, attempt: int = 0) -> object:
        service.cancel(order.id, CONTEXT)
        return charge(reference, method, attempt)

    monkeypatch.setattr(payments, "charge", charge_late)
    assert charging.charge(order.id, payments, CONTEXT).status == OrderStatus.CANCELLED
    after = settled(order, payments)
    assert (after.payment.status, after.is_settled) == (PaymentStatus.REFUNDED, True)
    assert provider.intent(after.payment.reference).refunded == 300


def test_an_order_whose_payment_was_voided_meanwhile_is_never_charged(
    customer: Caller, payments: Stripe, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = reserved(customer)
    charge = payments.charge

    def charge_too_late(reference: str, method: str, attempt: int = 0) -> object:
        service.cancel(order.id, CONTEXT)
        charging.void(order.id, payments, CONTEXT)
        return charge(reference, method, attempt)

    monkeypatch.setattr(payments, "charge", charge_too_late)
    assert charging.charge(order.id, payments, CONTEXT).payment.status == PaymentStatus.CANCELLED
    assert provider.intent(store.load(order.id).payment.reference).charges == 0


def test_an_order_whose_payment_somebody_cancelled_at_the_provider_is_rejected(
    customer: Caller, payments: Stripe
) -> None:
    order = reserved(customer)
    opened = payments.start(NewPayment(order_id=order.id, amount=300, currency="EUR"))
    payments.void(opened.reference)
    assert charging.charge(order.id, payments, CONTEXT).reason == RejectionReason.PAYMENT_UNAVAILABLE


@pytest.mark.parametrize("fault", ["errors", "drops"])
@pytest.mark.parametrize("is_open", [True, False])
def test_what_the_provider_did_not_do_is_done_by_the_next_attempt(
    customer: Caller, payments: Stripe, provider: Provider, fault: str, *, is_open: bool
) -> None:
    order = reserved(customer)
    if is_open:
        opened = payments.start(NewPayment(order_id=order.id, amount=300, currency="EUR"))
        steps.open_payment(order.id, opened.reference, CONTEXT)
    provider.faults.set({fault: 1})
    with pytest.raises(PaymentUnavailable):
        charging.charge(order.id, payments, CONTEXT)
    assert charging.charge(order.id, payments, CONTEXT, 1).status == OrderStatus.PAID
    assert sum(intent.charges for intent in provider.store.since(0, None, 10)) == 1


def test_a_refund_that_fails_is_repeated_until_it_is_done(
    customer: Caller, payments: Stripe, provider: Provider
) -> None:
    order = reserved(customer)
    charging.charge(order.id, payments, CONTEXT)
    steps.confirm(order.id, CONTEXT)
    service.cancel(order.id, CONTEXT)
    provider.faults.set({"losses": 1})
    with pytest.raises(PaymentUnavailable):
        charging.void(order.id, payments, CONTEXT)
    after = settled(order, payments)
    assert (after.payment.status, after.pieces) == (PaymentStatus.REFUNDED, Pieces.NONE)
    assert provider.intent(after.payment.reference).refunded == 300
