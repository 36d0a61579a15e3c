"""The history of an order, without a table: what follows what, what a fold makes of it, and how it is stored."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.money import Money
from lamina.orders import codec, transitions
from lamina.orders.codec import UnknownEvent, decode, decode_order, encode, encode_order
from lamina.orders.errors import InvalidTransition
from lamina.orders.events import EVENTS, Event, PaymentOpened, PaymentVoided, Placed, StockReserved, apply, fold
from lamina.orders.model import FINAL, Order, OrderStatus, PaymentStatus, Pieces, RejectionReason
from tests.unit.orders.orders import ORDER, instant, line, placed

STEPS: dict[str, Any] = {
    "reserve": transitions.reserve,
    "open": lambda order, at: transitions.open_payment(order, at, "pi_1"),
    "open another": lambda order, at: transitions.open_payment(order, at, "pi_2"),
    "pay": lambda order, at: transitions.pay(order, at, "pi_1"),
    "pay another": lambda order, at: transitions.pay(order, at, "pi_2"),
    "pay nothing": lambda order, at: transitions.pay(order, at, ""),
    "confirm": transitions.confirm,
    **{reason: lambda order, at, reason=reason: transitions.reject(order, at, reason) for reason in RejectionReason},
    "expire": lambda order, at: transitions.expire(order, at, instant(1)),
    "expire later": lambda order, at: transitions.expire(order, at, instant(0)),
    "cancel": lambda order, at: transitions.cancel(order, at, None),
    "release": transitions.release,
    "void": lambda order, at: transitions.void(order, at, refunded=False),
    "refund": lambda order, at: transitions.void(order, at, refunded=True),
}
PATH = ["reserve", "open", "pay", "confirm"]


def history(*steps: str, costs: int = 150) -> list[Event]:
    """The events that these steps append; those that are refused append nothing."""
    events: list[Event] = [placed(line(amount=costs))]
    for number, step in enumerate(steps):
        try:
            event = STEPS[step](fold(events), instant(number + 1))
        except InvalidTransition:
            continue
        events += [event] if event else []
    return events


def after(*steps: str) -> Order:
    return fold(history(*steps))


histories = st.builds(
    lambda steps, costs: history(*steps, costs=costs),
    st.lists(st.sampled_from(sorted(STEPS)), max_size=25),
    st.sampled_from([0, 150]),
)


def test_an_order_goes_from_placed_to_confirmed() -> None:
    states = [fold(history(*PATH[:length])) for length in range(5)]
    assert [state.status for state in states] == ["pending", "reserved", "reserved", "paid", "confirmed"]
    assert [state.version for state in states] == [1, 2, 3, 4, 5]
    assert [state.pieces for state in states] == [Pieces.NONE, *[Pieces.RESERVED] * 3, Pieces.SOLD]
    assert states[-1].payment.status == PaymentStatus.CHARGED
    assert states[-1].is_settled
    assert not any(state.is_settled for state in states[:-1])


def test_an_order_has_totals_and_a_number_for_people() -> None:
    order = fold([placed(line(1, 2, 150), line(2, 3, 99))])
    assert [each.total for each in order.lines] == [Money(300, "EUR"), Money(297, "EUR")]
    assert order.total == Money(597, "EUR")
    assert order.number == "0000-0000-0061"
    assert replace(order, id=ORDER.replace("8000-0000000000c1", "bfff-ffffffffffff")).number == "ZZZZ-ZZZZ-ZZZZ"


@pytest.mark.parametrize("length", range(5))
def test_a_cancelled_order_gives_back_what_it_held_once(length: int) -> None:
    before = after(*PATH[:length])
    cancelled = after(*PATH[:length], "cancel")
    assert (cancelled.status, cancelled.pieces) == (OrderStatus.CANCELLED, before.pieces)
    settled = after(*PATH[:length], "cancel", "release", "refund", "release", "refund", "void")
    assert settled.is_settled
    assert settled.pieces == Pieces.NONE
    assert settled.payment.status == (PaymentStatus.REFUNDED if length >= 2 else PaymentStatus.PENDING)
    assert settled.version == cancelled.version + (length >= 1) + (length >= 2)


def test_an_order_that_has_ended_cannot_be_cancelled() -> None:
    for steps in (["cancel"], ["OUT_OF_STOCK"], ["reserve", "PAYMENT_DECLINED"]):
        with pytest.raises(InvalidTransition):
            transitions.cancel(after(*steps), instant(9), None)


@pytest.mark.parametrize("step", ["pay", "confirm", "open", "release", "void", "refund"])
def test_a_step_that_comes_too_early_is_an_invalid_transition(step: str) -> None:
    with pytest.raises(InvalidTransition):
        STEPS[step](after(), instant(9))


@pytest.mark.parametrize("step", ["open another", "pay another", "pay nothing"])
def test_an_order_has_one_payment(step: str) -> None:
    for path in (PATH[:2], PATH, [*PATH, "cancel"]):
        with pytest.raises(InvalidTransition):
            STEPS[step](after(*path), instant(9))


def test_a_paid_order_is_never_rejected_and_a_reserved_one_is_not_out_of_stock() -> None:
    for path in (PATH[:3], PATH):
        assert after(*path, *RejectionReason, "expire") == after(*path)
    assert after("reserve", RejectionReason.OUT_OF_STOCK) == after("reserve")
    assert after("reserve", "expire").reason == RejectionReason.EXPIRED
    assert after("reserve", "expire later").status == OrderStatus.RESERVED


def test_an_order_that_costs_nothing_is_paid_without_a_payment() -> None:
    order = fold(history("reserve", "open", "pay nothing", "confirm", costs=0))
    assert (order.status, order.payment.status, order.version) == (OrderStatus.CONFIRMED, PaymentStatus.PENDING, 4)
    cancelled = fold(history("reserve", "pay nothing", "confirm", "cancel", "release", "refund", costs=0))
    assert cancelled.is_settled


@given(histories, st.sampled_from(sorted(STEPS)))
def test_a_step_that_is_repeated_changes_nothing_or_is_refused(events: list[Event], step: str) -> None:
    order = fold(events)
    try:
        event = STEPS[step](order, instant(100))
        again = STEPS[step](apply(order, event), instant(101)) if event else None
    except InvalidTransition:
        return
    assert again is None


@given(histories)
def test_whatever_happens_an_order_can_be_settled_and_never_owes_without_a_payment(events: list[Event]) -> None:
    order = fold(events)
    assert order.version == len(events)
    assert order.owes <= bool(order.payment.reference)
    assert (order.status == OrderStatus.CONFIRMED) <= (order.pieces == Pieces.SOLD)
    assert (order.pieces == Pieces.RESERVED) <= (order.status not in {OrderStatus.PENDING, OrderStatus.CONFIRMED})
    assert (order.payment.status == PaymentStatus.CHARGED) <= bool(order.payment.reference)
    assert (order.reason is not None) == (order.status == OrderStatus.REJECTED)
    ending = [] if order.status in FINAL else ["cancel"]
    for number, step in enumerate([*ending, "release", "refund"]):
        event = STEPS[step](order, instant(200 + number))
        order = apply(order, event) if event else order
    assert order.is_settled


@given(histories, st.integers(min_value=0))
def test_a_fold_can_stop_and_go_on_anywhere(events: list[Event], place: int) -> None:
    place = place % len(events) + 1
    snapshot = decode_order(json.loads(json.dumps(encode_order(fold(events[:place])))))
    assert fold(events[place:], after=snapshot) == fold(events)


@given(histories)
def test_what_is_stored_is_read_again(events: list[Event]) -> None:
    for event in events:
        name, version, data = encode(event)
        assert decode(name, version, json.loads(json.dumps(data)), event.at) == event


def test_a_history_begins_with_a_place_and_goes_on_in_time() -> None:
    order = after("reserve")
    for event in (placed(), StockReserved(at=instant(9)), PaymentOpened(at=order.updated_at, reference="pi_1")):
        with pytest.raises(InvalidTransition):
            apply(order, event)
    for events in ([], [StockReserved(at=instant(1))]):
        with pytest.raises(InvalidTransition):
            fold(events)


def test_the_next_instant_is_later_even_if_the_clock_is_behind() -> None:
    order = after("reserve")
    assert transitions.instant_after(order, instant(5)) == instant(5)
    for now in (order.updated_at, instant(0)):
        assert transitions.instant_after(order, now) == "2026-11-20T09:00:01.000001Z"


def test_events_of_earlier_versions_are_read_and_those_of_later_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(codec.VERSIONS, "PaymentVoided", 3)
    monkeypatch.setitem(codec.UPCASTERS, ("PaymentVoided", 1), lambda data: {"returned": data["amount"] > 0})
    monkeypatch.setitem(codec.UPCASTERS, ("PaymentVoided", 2), lambda data: {"refunded": data["returned"]})
    expected = PaymentVoided(at=instant(1), refunded=True)
    stored: list[dict[str, Any]] = [{"amount": 5}, {"returned": True}, {"refunded": True}]
    for version, data in enumerate(stored, 1):
        assert decode("PaymentVoided", version, data, instant(1)) == expected
    assert encode(expected)[1] == 3
    for name, version in (("PaymentVoided", 4), ("StockReserved", 2), ("Shipped", 1)):
        with pytest.raises(UnknownEvent):
            decode(name, version, {}, instant(1))


STORED: dict[str, dict[str, Any]] = {
    "Placed": {
        "order_id": ORDER,
        "customer_id": "c",
        "payment_method": "pm",
        "lines": [
            {"product_id": "p", "sku": "s", "name": "n", "quantity": 1, "unit_price": {"amount": 1, "currency": "EUR"}}
        ],
    },
    "StockReserved": {},
    "PaymentOpened": {"reference": "pi_1"},
    "Paid": {},
    "Confirmed": {},
    "Rejected": {"reason": "EXPIRED"},
    "Cancelled": {"by": None},
    "StockReleased": {},
    "PaymentVoided": {"refunded": False},
}
"""The data of version 1 of each event, as they lie in tables: never change these, add those of new versions."""


def test_every_event_that_was_ever_stored_is_read() -> None:
    assert STORED.keys() == {kind.__name__ for kind in EVENTS}
    for name, data in STORED.items():
        event = decode(name, 1, data, instant(1))
        assert type(event).__name__ == name
        assert isinstance(event, Placed) or encode(event)[2] == data
