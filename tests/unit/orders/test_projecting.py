"""The read models of orders follow their histories, whatever happens to events."""

from typing import Any

import pytest

from lamina.access.policy import Caller, Role
from lamina.errors import Conflict
from lamina.events.redelivery import Postponed
from lamina.ids import new_id
from lamina.orders import entries, listing, projecting, rebuilding, service, steps, store
from lamina.orders.entries import OrderEntryItem, ProductSalesItem, Sales, entry_key, sales_of_product
from lamina.orders.model import Order, OrderStatus, PaymentStatus
from lamina.orders.projecting import follow, project
from lamina.orders.queries import order_query
from lamina.orders.rebuilding import rebuild
from lamina.products.model import Product
from tests.support.aws import make_user
from tests.support.callers import acting
from tests.support.log import Log
from tests.unit.orders.orders import CONTEXT, create_product, place

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def customer(aws: None) -> Caller:  # noqa: ARG001 (a fixture that must be there)
    return acting(make_user("customer"))


@pytest.fixture
def mug(aws: None) -> Product:  # noqa: ARG001 (a fixture that must be there)
    return create_product(acting(make_user("editor", Role.EDITOR)), "MUG", stock=1000)


def confirm(order: Order) -> Order:
    steps.reserve(order.id, CONTEXT)
    steps.open_payment(order.id, "pi_1", CONTEXT)
    steps.mark_paid(order.id, "pi_1", CONTEXT)
    return steps.confirm(order.id, CONTEXT)


def event(order_id: str) -> Any:
    return {"id": new_id(), "subject": order_id, "type": "order.placed", "correlation_id": "test"}


def listed(caller: Caller, **filters: Any) -> list[Order]:
    return listing.list_orders(order_query(caller, **filters), 100).items


def entry_version(order: Order) -> int:
    return int(OrderEntryItem.get(*entry_key(order.id)).version)


def test_an_order_is_listed_as_it_is_when_it_is_projected(customer: Caller, mug: Product) -> None:
    order = place(customer, (mug, 2))
    assert listed(customer) == []
    project(order.id)
    assert listed(customer) == [order]
    reserved = steps.reserve(order.id, CONTEXT)
    project(order.id)
    assert listed(customer) == listed(customer, status=OrderStatus.RESERVED) == [reserved]
    assert listed(customer, status=OrderStatus.PENDING) == []


def test_a_confirmed_order_is_a_sale_and_a_cancelled_one_is_none(customer: Caller, mug: Product) -> None:
    order = place(customer, (mug, 2))
    project(order.id)
    assert sales_of_product(mug.id) == {}
    confirm(order)
    project(order.id)
    assert sales_of_product(mug.id) == {"EUR": Sales(1, 2, 300)}
    service.cancel(order.id, CONTEXT)
    project(order.id)
    assert sales_of_product(mug.id) == {"EUR": Sales()}


def test_a_projection_that_is_repeated_changes_nothing(customer: Caller, mug: Product) -> None:
    order = confirm(place(customer, (mug, 2)))
    for _ in range(3):
        follow(event(order.id))
    assert entry_version(order) == 1
    assert sales_of_product(mug.id) == {"EUR": Sales(1, 2, 300)}


def test_an_order_that_was_confirmed_and_cancelled_between_two_projections_is_no_sale(
    customer: Caller, mug: Product
) -> None:
    order = place(customer, (mug, 2))
    project(order.id)
    confirm(order)
    service.cancel(order.id, CONTEXT)
    project(order.id)
    assert sales_of_product(mug.id) == {}


def test_events_of_orders_that_do_not_exist_are_discarded() -> None:
    follow(event(new_id()))


def test_an_order_that_has_ended_is_read_again_until_it_has_given_everything_back(
    customer: Caller, mug: Product
) -> None:
    order = place(customer, (mug, 2))
    steps.reserve(order.id, CONTEXT)
    steps.open_payment(order.id, "pi_1", CONTEXT)
    service.cancel(order.id, CONTEXT)
    with pytest.raises(Postponed):
        follow(event(order.id))
    assert [each.payment.status for each in listed(customer)] == [PaymentStatus.OPEN]
    steps.mark_voided(order.id, CONTEXT, refunded=False)
    steps.release(order.id, CONTEXT)
    follow(event(order.id))
    assert listed(customer) == [store.load(order.id)]
    assert listed(customer)[0].payment.status == PaymentStatus.CANCELLED


def test_a_projection_that_always_loses_is_a_conflict(
    customer: Caller, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place(customer, (mug, 2))
    project(order.id)
    monkeypatch.setattr(projecting, "stored_entry", lambda _: None)
    with pytest.raises(Conflict):
        project(order.id)


def test_how_late_a_list_is_is_a_metric(customer: Caller, mug: Product, log: Log) -> None:
    project(place(customer, (mug, 2)).id)
    line = next(line for line in log.lines if line["message"] == "order projected")
    assert 0 <= line["projection_lag"] < 60_000
    assert line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] == "projection_lag"


def test_an_entry_in_another_form_is_read_from_the_history_and_projected_again(customer: Caller, mug: Product) -> None:
    order = confirm(place(customer, (mug, 2)))
    project(order.id)
    item = OrderEntryItem.get(*entry_key(order.id))
    item.format, item.order = 99, {"another": "form"}
    item.save()
    assert listed(customer) == [order]
    project(order.id)
    assert entries.to_order(OrderEntryItem.get(*entry_key(order.id))) == order
    assert sales_of_product(mug.id) == {"EUR": Sales(1, 2, 300)}


def test_a_rebuild_makes_lists_and_sales_again(customer: Caller, mug: Product) -> None:
    orders = [confirm(place(customer, (mug, number))) for number in (1, 2, 3)]
    orders += [service.cancel(place(customer, (mug, 5)).id, CONTEXT), place(customer, (mug, 7))]
    for order in orders[:2]:
        project(order.id)
    damaged = OrderEntryItem.get(*entry_key(orders[0].id))
    damaged.order = {}
    damaged.save()
    sales = ProductSalesItem.get(*entries.sales_item_key((mug.id, "EUR")))
    sales.pieces = 99
    sales.save()
    *_, progress = rebuild()
    assert (progress.orders, progress.corrected, progress.unsure) == (5, 1, [])
    assert listed(customer) == orders[::-1]
    assert sales_of_product(mug.id) == {"EUR": Sales(3, 6, 900)}


def test_a_rebuild_makes_sales_again_that_are_lost(customer: Caller, mug: Product) -> None:
    order = confirm(place(customer, (mug, 2)))
    project(order.id)
    ProductSalesItem.get(*entries.sales_item_key((mug.id, "EUR"))).delete()
    *_, progress = rebuild()
    assert progress.corrected == 1
    assert sales_of_product(mug.id) == {"EUR": Sales(1, 2, 300)}


def test_a_rebuild_reads_again_what_is_sold_meanwhile(
    customer: Caller, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(confirm(place(customer, (mug, 2))).id)
    wrong = ProductSalesItem.get(*entries.sales_item_key((mug.id, "EUR")))
    wrong.pieces = 99
    wrong.save()
    compare, passes = rebuilding._compare, []

    def sell_first(*given: Any) -> None:
        passes.append(1)
        if len(passes) < 3:
            project(confirm(place(customer, (mug, 1))).id)
        compare(*given)

    monkeypatch.setattr(rebuilding, "_compare", sell_first)
    *_, progress = rebuild()
    assert (len(passes), progress.orders, progress.corrected) == (3, 3, 1)
    assert sales_of_product(mug.id) == {"EUR": Sales(3, 4, 600)}


def test_a_rebuild_gives_up_on_sales_that_never_rest(
    customer: Caller, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(confirm(place(customer, (mug, 2))).id)
    ProductSalesItem.get(*entries.sales_item_key((mug.id, "EUR"))).delete()
    monkeypatch.setattr(rebuilding, "_replace", lambda *_: False)
    *_, progress = rebuild()
    assert (progress.corrected, progress.unsure) == (0, [(mug.id, "EUR")])
