"""Projections of orders that run at the same time, late, twice and in any sequence, on every engine."""

from collections import Counter, defaultdict
from collections.abc import Callable
from random import Random

import pytest

from lamina.access.policy import Caller, Role
from lamina.orders import latest, service, steps, store
from lamina.orders.entries import (
    NOTHING,
    LatestOrdersItem,
    OrderEntryItem,
    ProductSalesItem,
    Sales,
    SalesKey,
    latest_key,
    sales_of,
    to_order,
    to_sales,
)
from lamina.orders.items import OrderItem
from lamina.orders.model import Order, OrderStatus
from lamina.orders.projecting import project
from lamina.orders.rebuilding import Progress, rebuild
from lamina.products.model import Product
from lamina.storage.keys import identifier_of, value_of
from tests.integration.crowd import at_once
from tests.integration.test_order_races import persist
from tests.integration.test_races import make, outcomes
from tests.support.callers import acting
from tests.unit.orders.orders import CONTEXT, create_product, place

pytestmark = pytest.mark.usefixtures("table")

CROWD, ORDERS = 12, 6


@pytest.fixture
def mug(table: object) -> Product:  # noqa: ARG001 (a fixture that must be there)
    return create_product(acting(make("editor", role=Role.EDITOR)), "MUG", stock=1000)


@pytest.fixture
def customers(table: object) -> list[Caller]:  # noqa: ARG001 (a fixture that must be there)
    return [acting(make(f"customer{number}")) for number in range(2)]


def steps_of(order: Order, *, is_cancelled: bool = False) -> list[Callable[[], Order]]:
    """What happens to an order, one after the other, until it is settled."""
    happens: list[Callable[[], Order]] = [
        lambda: steps.reserve(order.id, CONTEXT),
        lambda: steps.open_payment(order.id, "pi_1", CONTEXT),
        lambda: steps.mark_paid(order.id, "pi_1", CONTEXT),
        lambda: steps.confirm(order.id, CONTEXT),
    ]
    returns: list[Callable[[], Order]] = [
        lambda: service.cancel(order.id, CONTEXT),
        lambda: steps.mark_voided(order.id, CONTEXT, refunded=True),
        lambda: steps.release(order.id, CONTEXT),
    ]
    return happens + returns if is_cancelled else happens


def finish(order: Order, *, is_cancelled: bool = False) -> None:
    for step in steps_of(order, is_cancelled=is_cancelled):
        persist(step)


def assert_exact() -> Counter[OrderStatus]:
    """The read models are what the histories say, no more and no less; return how many orders are in each state."""
    orders = {value_of(head.pk): store.load(value_of(head.pk)) for head in OrderItem.scan(consistent_read=True)}
    entries = {value_of(item.pk): item for item in OrderEntryItem.scan(consistent_read=True)}
    assert {order_id: to_order(item) for order_id, item in entries.items()} == orders
    expected: defaultdict[SalesKey, Sales] = defaultdict(lambda: NOTHING)
    newest: defaultdict[str, list[str]] = defaultdict(list)
    for order in sorted(orders.values(), key=lambda each: each.created_at, reverse=True):
        newest[order.customer_id].append(order.id)
        for of, sales in sales_of(order, order.status).items():
            expected[of] = expected[of].plus(sales)
    stored = ProductSalesItem.scan(consistent_read=True)
    found = {(value_of(item.pk), value_of(item.sk)): to_sales(item) for item in stored}
    assert {of: sales for of, sales in found.items() if sales != NOTHING} == expected
    for customer_id, order_ids in newest.items():
        kept = LatestOrdersItem.get(*latest_key(customer_id), consistent_read=True).positions
        assert [identifier_of(position) for position in kept] == order_ids[: latest.KEPT]
    return Counter(order.status for order in orders.values())


def test_an_order_that_many_project_at_once_is_one_entry_and_one_sale(customers: list[Caller], mug: Product) -> None:
    order = place(customers[0], (mug, 2))
    for step in steps_of(order):
        step()
        assert outcomes(at_once(lambda _: project(order.id), CROWD)).keys() <= {"done", "CONFLICT"}
        persist(lambda: project(order.id))  # as the queue repeats what has failed
    assert assert_exact() == {OrderStatus.CONFIRMED: 1}


def test_an_order_that_is_confirmed_and_cancelled_while_it_is_projected_is_no_sale(
    customers: list[Caller], mug: Product
) -> None:
    order = place(customers[0], (mug, 2))

    def act(number: int) -> None:
        if number:
            persist(lambda: project(order.id))
        else:
            finish(order, is_cancelled=True)

    outcomes(at_once(act, CROWD))
    persist(lambda: project(order.id))
    assert assert_exact() == {OrderStatus.CANCELLED: 1}


def test_first_projections_of_one_customers_orders_at_once_keep_each_of_the_latest(
    customers: list[Caller], mug: Product
) -> None:
    orders = [place(customers[0], (mug, 1)) for _ in range(latest.KEPT + 4)]
    outcomes(at_once(lambda number: persist(lambda: project(orders[number].id)), len(orders)))
    assert assert_exact() == {OrderStatus.PENDING: len(orders)}


@pytest.mark.parametrize("seed", range(2))
def test_events_in_any_sequence_while_orders_change_leave_exact_lists_and_sales(
    customers: list[Caller], mug: Product, seed: int
) -> None:
    orders = [place(customers[number % 2], (mug, number + 1)) for number in range(ORDERS)]
    # Each event says only which order has changed: eight of each order, some before and some after their change.
    events = [order.id for order in orders for _ in range(8)]
    Random(seed).shuffle(events)  # noqa: S311 (not a secret)

    def act(number: int) -> None:
        if number < ORDERS:
            finish(orders[number], is_cancelled=number % 3 == 0)
            return
        for order_id in events[number - ORDERS :: CROWD - ORDERS]:
            persist(lambda order_id=order_id: project(order_id))  # type: ignore[misc]

    outcomes(at_once(act, CROWD))
    for order_id in {*events}:  # the last event of an order is published after its change
        persist(lambda order_id=order_id: project(order_id))  # type: ignore[misc]
    assert assert_exact() == {OrderStatus.CONFIRMED: 4, OrderStatus.CANCELLED: 2}


def test_a_rebuild_while_orders_change_leaves_exact_lists_and_sales(customers: list[Caller], mug: Product) -> None:
    settled = [place(customers[0], (mug, 2)) for _ in range(3)]
    for order in settled:
        finish(order)
        project(order.id)
    (sales,) = ProductSalesItem.scan(consistent_read=True)
    sales.pieces = 99
    sales.save()
    LatestOrdersItem.get(*latest_key(customers[0].user_id)).delete()
    orders = [place(customers[number % 2], (mug, 1)) for number in range(ORDERS)]

    def act(number: int) -> Progress | None:
        if number == 0:
            return list(rebuild())[-1]
        order = orders[number - 1]
        for step in steps_of(order, is_cancelled=number % 3 == 0):
            persist(step)
            persist(lambda: project(order.id))
        return None

    results = at_once(act, ORDERS + 1)
    assert outcomes(results)["done"] == ORDERS + 1
    *_, progress = rebuild()  # sales that never rested were left to it
    assert progress.unsure == []
    assert assert_exact() == {OrderStatus.CONFIRMED: 3 + 4, OrderStatus.CANCELLED: 2}
    *_, again = rebuild()
    assert again.corrected == 0
