"""Notifications of the payment provider: who may send them, and how the simulator does."""

import time
from collections.abc import Callable

import pytest

from lamina.payments.model import NewPayment
from lamina.payments.notifications import SignatureInvalid, order_of, verify
from lamina.payments.stripe import Stripe
from local.payments.notify import headers
from tests.support.payments import API_KEY, SECRET, running
from tests.support.receiver import Receiver, answer
from tests.support.receiver import receiver as receiving

HOOK = "/hook"
ORDER = "0190a3f0-0000-7000-8000-0000000000c1"
BODY = b'{"type": "payment_intent.succeeded"}'


def signed(body: bytes = BODY, secret: str = SECRET, age: int = 0) -> str:
    return headers(body, secret, int(time.time()) - age)["Stripe-Signature"]


def test_a_signed_notification_is_accepted() -> None:
    verify(BODY, signed(), SECRET)
    verify(BODY, signed(age=290), SECRET)
    verify(BODY, f"{signed(secret='old')},{signed().partition(',')[2]}", SECRET)  # while a secret is replaced


@pytest.mark.parametrize(
    "signature",
    [
        lambda: "",
        lambda: "t=,v1=",
        lambda: "t=now,v1=00",
        lambda: "t=\u0663,v1=00",
        lambda: signed(secret="other"),
        lambda: signed(b"another body"),
        lambda: signed().replace("v1=", "v0="),
        lambda: signed().partition(",")[0],
        lambda: signed().partition("v1=")[0] + "v1=\u00e9",
    ],
)
def test_a_notification_with_another_signature_is_refused(signature: Callable[[], str]) -> None:
    with pytest.raises(SignatureInvalid):
        verify(BODY, signature(), SECRET)


@pytest.mark.parametrize("age", [310, -310])
def test_a_notification_of_another_time_is_refused(age: int) -> None:
    with pytest.raises(SignatureInvalid):
        verify(BODY, signed(age=age), SECRET)


@pytest.mark.parametrize(
    ("about", "order_id"),
    [
        ({"object": "payment_intent", "metadata": {"order_id": ORDER}}, ORDER),
        ({"object": "charge", "metadata": {"order_id": ORDER.upper()}}, ORDER),
        ({"object": "payment_intent", "metadata": {"order_id": "7"}}, None),
        ({"object": "payment_intent", "metadata": {"order_id": {}}}, None),
        ({"object": "payment_intent", "metadata": None}, None),
        ({"object": "customer"}, None),
        ("text", None),
        (None, None),
    ],
)
def test_a_notification_names_its_order(about: object, order_id: str | None) -> None:
    assert order_of({"object": about}) == order_id


def sent(receiver: Receiver, count: int) -> list[str]:
    """The types of the notifications, each verified."""
    for each in receiver.wait_for(HOOK, count):
        verify(each.body, each.headers["Stripe-Signature"], SECRET)
    return [each.event["type"] for each in receiver.received]


def test_the_simulator_notifies_of_each_change_and_again_after_a_failure(aws: None) -> None:  # noqa: ARG001
    with receiving() as receiver, running(receiver.url(HOOK)) as provider:
        receiver.behaviours[HOOK] = answer(503)
        payments = Stripe(provider.url, API_KEY)
        reference = payments.start(NewPayment(order_id="order", amount=5, currency="EUR")).reference
        payments.charge(reference, "pm_card_chargeDeclined")
        assert sent(receiver, 1) == ["payment_intent.payment_failed"]
        receiver.behaviours[HOOK] = answer(200)
        receiver.wait_for(HOOK, 2)
        payments.charge(reference, "pm_card_visa", 1)
        provider.faults.set({"repeated_notifications": 1})
        payments.void(reference)
        kinds = sent(receiver, 5)
    assert kinds[2:] == ["payment_intent.succeeded", "charge.refunded", "charge.refunded"]


def test_notifications_come_before_the_answer_or_never_if_the_simulator_is_told_so(aws: None) -> None:  # noqa: ARG001
    with receiving() as receiver, running(receiver.url(HOOK)) as provider:
        payments = Stripe(provider.url, API_KEY)
        first, second = (
            payments.start(NewPayment(order_id=name, amount=5, currency="EUR")).reference for name in ("a", "b")
        )
        provider.faults.set({"early_notifications": 1, "lost_notifications": 1})
        payments.charge(first, "pm_card_visa")
        assert receiver.received == []
        payments.charge(second, "pm_card_visa")
        assert [each.event["data"]["object"]["id"] for each in receiver.received] == [second]
