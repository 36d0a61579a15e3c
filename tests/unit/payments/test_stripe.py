"""The adapter of Stripe's API, against the simulator of it."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from lamina.payments import stripe
from lamina.payments.model import NewPayment, PaymentState
from lamina.payments.provider import PaymentRefused, PaymentUnavailable
from lamina.payments.stripe import Stripe
from lamina.resilience.circuit import Circuit
from local.payments import server
from tests.support.payments import API_KEY, Provider, running

VISA = "pm_card_visa"


@pytest.fixture(autouse=True)
def circuit(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (the table of its state)
    """A breaker of the test's own, so that one test's failures do not open that of another."""
    own = Circuit(f"payments-{uuid4()}", lambda error: isinstance(error, PaymentUnavailable))
    monkeypatch.setattr(stripe, "circuit", own)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def payments(provider: Provider) -> Stripe:
    return Stripe(provider.url, API_KEY)


def opened(payments: Stripe, order_id: str = "order") -> str:
    return payments.start(NewPayment(order_id=order_id, amount=1999, currency="EUR")).reference


def test_a_payment_is_opened_and_charged(payments: Stripe, provider: Provider) -> None:
    reference = opened(payments)
    assert payments.get(reference).state == PaymentState.OPEN
    charged = payments.charge(reference, VISA)
    assert (charged.state, charged.amount, charged.currency, charged.order_id) == (
        PaymentState.CHARGED,
        1999,
        "EUR",
        "order",
    )
    assert provider.intent(reference).charges == 1


def test_an_order_has_one_payment_however_often_it_is_opened(payments: Stripe) -> None:
    assert opened(payments) == opened(payments)
    assert opened(payments, "another") != opened(payments)


def test_a_declined_payment_is_not_charged_and_says_why(payments: Stripe, provider: Provider) -> None:
    reference = opened(payments)
    declined = payments.charge(reference, "pm_card_chargeDeclined")
    assert (declined.state, declined.reason) == (PaymentState.DECLINED, "generic_decline")
    assert provider.intent(reference).charges == 0
    assert payments.void(reference).state == PaymentState.CANCELLED


def test_a_payment_is_charged_once_however_often_it_is_requested(payments: Stripe, provider: Provider) -> None:
    reference = opened(payments)
    states = [payments.charge(reference, VISA, attempt).state for attempt in (0, 0, 1, 2)]
    assert states == [PaymentState.CHARGED] * 4
    assert provider.intent(reference).charges == 1


@pytest.mark.parametrize("fault", ["losses", "errors_after"])
def test_a_charge_whose_answer_is_lost_is_found(payments: Stripe, provider: Provider, fault: str) -> None:
    reference = opened(payments)
    provider.faults.set({fault: 1})
    assert payments.charge(reference, VISA).state == PaymentState.CHARGED
    assert provider.intent(reference).charges == 1


def test_the_payment_method_whose_answer_is_lost_is_charged_once(payments: Stripe, provider: Provider) -> None:
    reference = opened(payments)
    assert payments.charge(reference, "pm_card_lost").state == PaymentState.CHARGED
    assert payments.charge(reference, "pm_card_lost", 1).state == PaymentState.CHARGED
    assert provider.intent(reference).charges == 1


@pytest.mark.parametrize("fault", ["errors", "drops"])
def test_a_charge_that_was_not_made_is_made_by_the_next_attempt(
    payments: Stripe, provider: Provider, fault: str
) -> None:
    reference = opened(payments)
    provider.faults.set({fault: 1})
    with pytest.raises(PaymentUnavailable):
        payments.charge(reference, VISA)
    assert provider.intent(reference).charges == 0
    assert payments.charge(reference, VISA, 1).state == PaymentState.CHARGED


def test_a_slow_provider_is_waited_for_and_one_that_hangs_is_not(
    payments: Stripe, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SLOW_SECONDS", 0.2)
    reference = opened(payments)
    assert payments.charge(reference, "pm_card_slow").state == PaymentState.CHARGED
    monkeypatch.setattr(stripe, "SECONDS", 0.2)
    provider.faults.set({"slow_seconds": 2})
    with pytest.raises(PaymentUnavailable):
        opened(payments, "another")


def test_a_charged_payment_is_refunded_once(payments: Stripe, provider: Provider) -> None:
    reference = opened(payments)
    payments.charge(reference, VISA)
    assert payments.void(reference).state == PaymentState.REFUNDED
    assert payments.void(reference).state == PaymentState.REFUNDED
    assert provider.intent(reference).refunded == 1999


def test_a_payment_that_was_cancelled_is_never_charged(payments: Stripe, provider: Provider) -> None:
    reference = opened(payments)
    assert payments.void(reference).state == PaymentState.CANCELLED
    assert payments.void(reference).state == PaymentState.CANCELLED
    assert payments.charge(reference, VISA).state == PaymentState.CANCELLED
    assert provider.intent(reference).charges == 0


@pytest.mark.parametrize("fault", ["losses", "errors_after", "errors", "drops"])
@pytest.mark.parametrize("is_charged", [True, False])
def test_voiding_can_be_repeated_until_it_is_done(
    payments: Stripe, provider: Provider, fault: str, *, is_charged: bool
) -> None:
    reference = opened(payments)
    if is_charged:
        payments.charge(reference, VISA)
    provider.faults.set({fault: 1})
    with pytest.raises(PaymentUnavailable):
        payments.void(reference)
    assert payments.void(reference).state == (PaymentState.REFUNDED if is_charged else PaymentState.CANCELLED)
    assert provider.intent(reference).refunded == (1999 if is_charged else 0)


def test_payments_are_listed_newest_first_over_pages(
    payments: Stripe, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe, "PAGE", 2)
    references = [opened(payments, f"order-{number}") for number in range(5)]
    payments.charge(references[0], VISA)
    payments.void(references[0])
    found = list(payments.opened_since(provider.intent(references[0]).created))
    assert [each.reference for each in found] == references[::-1]
    assert found[-1].state == PaymentState.REFUNDED
    assert list(payments.opened_since(4_000_000_000)) == []


def test_what_the_provider_refuses_for_good_is_not_repeated(payments: Stripe, provider: Provider) -> None:
    with pytest.raises(PaymentRefused, match="parameter_invalid"):
        payments.start(NewPayment(order_id="order", amount=0, currency="EUR"))
    with pytest.raises(PaymentRefused, match="resource_missing"):
        payments.get("pi_unknown/../x")
    with pytest.raises(PaymentRefused, match="resource_missing"):
        payments.charge(opened(payments), "pm_unknown")
    with pytest.raises(PaymentRefused, match="api_key_invalid"):
        Stripe(provider.url, "wrong").get("pi_1")


def test_a_provider_that_is_down_is_not_called_for_a_while(payments: Stripe, provider: Provider) -> None:
    provider.faults.set({"errors": 100})
    for number in range(6):
        with pytest.raises(PaymentUnavailable):
            opened(payments, f"order-{number}")
    assert provider.faults.errors > 100 - 6


def test_a_provider_that_cannot_be_reached_is_unavailable(provider: Provider) -> None:  # noqa: ARG001
    with pytest.raises(PaymentUnavailable):
        Stripe("http://127.0.0.1:9", API_KEY).get("pi_1")
    with pytest.raises(PaymentUnavailable):
        Stripe("https://127.0.0.1:9", API_KEY).get("pi_1")
