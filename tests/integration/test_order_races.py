"""Orders that many place, step on and cancel at the same time, on every engine."""

from collections.abc import Callable
from typing import Any

import pytest

from lamina.access.policy import Caller, Role
from lamina.events.outbox import OutboxItem
from lamina.orders import service, steps, store
from lamina.orders.events import Event
from lamina.orders.items import HistoryItem, OrderItem
from lamina.orders.model import Order, OrderStatus, RejectionReason
from lamina.products import repository
from lamina.products.model import Product, Stock
from tests.integration.crowd import at_once
from tests.integration.test_races import make, outcomes
from tests.support.callers import acting
from tests.unit.orders.orders import CONTEXT, create_product, place

pytestmark = pytest.mark.usefixtures("table")

CROWD = 12


@pytest.fixture
def editor(table: Any) -> Caller:  # noqa: ARG001 (a fixture that must be there)
    return acting(make("editor", role=Role.EDITOR))


@pytest.fixture
def customers(table: Any) -> list[Caller]:  # noqa: ARG001 (a fixture that must be there)
    return [acting(make(f"customer{number}")) for number in range(4)]


def stock(product: Product) -> Stock:
    found = repository.get_many([product.id])[product.id].stock
    assert found.available + found.reserved + found.sold == found.received
    assert min(found.available, found.reserved, found.sold) >= 0
    return found


def kinds(order: Order) -> list[str]:
    """The types of an order's events; each is there once but for the head's word for it."""
    events: list[Event] = store.history(order.id)
    head = OrderItem.get(f"ORDER#{order.id}", "ORDER", consistent_read=True)
    assert (int(head.version), head.status) == (len(events), store.load(order.id).status)
    assert len(list(HistoryItem.query(f"ORDER#{order.id}", HistoryItem.sk.startswith("HISTORY#")))) == len(events)
    return [type(event).__name__ for event in events]


def published(order: Order) -> list[str]:
    found = OutboxItem.query(f"ORDER#{order.id}", OutboxItem.sk.startswith("EVENT#"))
    return [item.event_type for item in found]


def persist(act: Callable[[], Order]) -> Order:
    """Do a step until it is decided, as a retried task does."""
    for _ in range(20):
        result = at_once(lambda _: act(), 1)[0]
        if isinstance(result, Order):
            return result
        assert outcomes([result]) == {"CONFLICT": 1}
    pytest.fail("a step was never decided")


def test_more_orders_than_there_are_pieces_never_sell_more_than_there_are(
    editor: Caller, customers: list[Caller]
) -> None:
    mug, cup = create_product(editor, "MUG", stock=10), create_product(editor, "CUP", stock=50)
    lines = [((mug, 1), (cup, 2)), ((cup, 1), (mug, 1))]  # in both orders, as deadlocks would have it
    orders = [place(customers[number % 4], *lines[number % 2]) for number in range(20)]
    results = at_once(lambda number: persist(lambda: steps.reserve(orders[number].id, CONTEXT)), len(orders))
    reserved = [order for order in results if isinstance(order, Order) and order.status == OrderStatus.RESERVED]
    rejected = [order for order in results if isinstance(order, Order) and order.reason == RejectionReason.OUT_OF_STOCK]
    assert (len(reserved), len(rejected)) == (10, 10)
    assert (stock(mug).available, stock(mug).reserved) == (0, 10)
    assert stock(cup).reserved == sum(line.quantity for order in reserved for line in order.lines) - 10


def test_a_step_that_many_take_at_once_is_taken_once(editor: Caller, customers: list[Caller]) -> None:
    mug = create_product(editor, "MUG", stock=10)
    order = place(customers[0], (mug, 3))
    acts: list[Callable[[], Order]] = [
        lambda: steps.reserve(order.id, CONTEXT),
        lambda: steps.open_payment(order.id, "pi_1", CONTEXT),
        lambda: steps.mark_paid(order.id, "pi_1", CONTEXT),
        lambda: steps.confirm(order.id, CONTEXT),
        lambda: service.cancel(order.id, CONTEXT),
        lambda: steps.release(order.id, CONTEXT),
        lambda: steps.mark_voided(order.id, CONTEXT, refunded=True),
    ]
    for act in acts:
        results = outcomes(at_once(lambda _, act=act: act(), 6))  # type: ignore[misc]
        assert results["done"] >= 1
        assert results.keys() <= {"done", "CONFLICT", "INVALID_TRANSITION"}
    assert kinds(order) == [
        "Placed", "StockReserved", "PaymentOpened", "Paid", "Confirmed", "Cancelled", "StockReleased", "PaymentVoided",
    ]  # fmt: skip
    assert published(order) == [
        "order.placed", "order.reserved", "order.paid", "order.confirmed", "order.cancelled", "payment.refunded",
    ]  # fmt: skip
    assert (stock(mug).available, stock(mug).sold) == (10, 0)


def test_the_last_piece_that_one_order_reserves_many_times_at_once_is_its_own(
    editor: Caller, customers: list[Caller]
) -> None:
    mug = create_product(editor, "MUG", stock=1)
    order = place(customers[0], (mug, 1))
    outcomes(at_once(lambda _: steps.reserve(order.id, CONTEXT), CROWD))
    assert persist(lambda: steps.reserve(order.id, CONTEXT)).status == OrderStatus.RESERVED
    assert kinds(order) == ["Placed", "StockReserved"]


@pytest.mark.parametrize("attempt", range(3))
def test_a_cancellation_wins_or_loses_as_a_whole(editor: Caller, customers: list[Caller], attempt: int) -> None:
    mug = create_product(editor, "MUG", stock=100)
    order = place(customers[attempt], (mug, 3))
    steps.reserve(order.id, CONTEXT)
    steps.open_payment(order.id, "pi_1", CONTEXT)
    acts: list[Callable[[], Order]] = [
        lambda: steps.mark_paid(order.id, "pi_1", CONTEXT),
        lambda: service.cancel(order.id, CONTEXT),
        lambda: steps.reject(order.id, RejectionReason.PAYMENT_DECLINED, CONTEXT),
        lambda: steps.confirm(order.id, CONTEXT),
        lambda: steps.release(order.id, CONTEXT),
    ]
    results = outcomes(at_once(lambda number: acts[number % 5](), 10))
    assert results.keys() <= {"done", "CONFLICT", "INVALID_TRANSITION"}
    stored = store.load(order.id)
    assert kinds(order).count("Cancelled") + kinds(order).count("Rejected") <= 1
    held = {"none": 0, "reserved": 3, "sold": 3}[stored.pieces]
    assert stock(mug).reserved + stock(mug).sold == held
    if stored.status not in {OrderStatus.CANCELLED, OrderStatus.REJECTED}:
        persist(lambda: service.cancel(order.id, CONTEXT))
    persist(lambda: steps.release(order.id, CONTEXT))
    assert (stock(mug).available, stock(mug).reserved, stock(mug).sold) == (100, 0, 0)


def test_a_request_that_is_sent_many_times_at_once_places_one_order(editor: Caller, customers: list[Caller]) -> None:
    mug = create_product(editor, "MUG")
    results = at_once(lambda _: place(customers[0], (mug, 1), request="fingerprint:body"), CROWD)
    assert outcomes(results).keys() <= {"done", "CONFLICT"}
    assert len({order.id for order in results if isinstance(order, Order)}) == 1
    (head,) = OrderItem.scan(consistent_read=True)
    assert head.status == "pending"
