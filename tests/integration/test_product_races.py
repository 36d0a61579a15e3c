"""Products that many create, change and take at the same time, on every engine."""

from typing import Any

import pytest

from lamina.access.policy import Caller, Role
from lamina.events.outbox import OutboxItem
from lamina.events.request_context import RequestContext
from lamina.money import Money
from lamina.products import inventory, reading, service
from lamina.products.items import (
    ProductEntryItem,
    ProductItem,
    SkuItem,
    StockChangeItem,
    StockItem,
    entry_items,
    sku_item,
    to_product,
    to_stock,
)
from lamina.products.model import NewProduct, Product, StockedProduct
from tests.integration.crowd import at_once
from tests.integration.test_races import make, outcomes
from tests.support.callers import acting

pytestmark = pytest.mark.usefixtures("table")

CROWD = 20
CONTEXT = RequestContext(None, "test")


@pytest.fixture
def writers(table: Any) -> list[Caller]:  # noqa: ARG001 (a fixture that must be there)
    return [acting(make(f"writer{number}", role=Role.EDITOR)) for number in range(3)]


def create(caller: Caller, context: RequestContext = CONTEXT, **fields: Any) -> StockedProduct:
    new = NewProduct(**{"sku": "MUG", "name": "Mug", "price": Money(1499, "EUR"), "stock": 10, **fields})
    return service.create(new, context, by=caller)


def take(caller: Caller, product: Product, change: int, context: RequestContext = CONTEXT) -> StockedProduct:
    return inventory.change_stock(product.id, change, "Sold", context, if_version=lambda _: True, by=caller)


def assert_consistent() -> list[Product]:
    """Every SKU, entry and piece belongs to a product as it is stored, and none is missing; return the products."""
    products = [to_product(item) for item in ProductItem.scan(consistent_read=True)]
    skus = {(item.pk, item.gsi1pk, item.gsisk) for item in SkuItem.scan(consistent_read=True)}
    assert skus == {(item.pk, item.gsi1pk, item.gsisk) for item in map(sku_item, products)}
    entries = {(item.pk, item.sk, item.gsi1pk, item.gsisk) for item in ProductEntryItem.scan(consistent_read=True)}
    expected = [entry for product in products for entry in entry_items(product).values()]
    assert entries == {(item.pk, item.sk, item.gsi1pk, item.gsisk) for item in expected}
    for item in StockItem.scan(consistent_read=True):
        stock = to_stock(item)
        ledger = StockChangeItem.query(item.pk, StockChangeItem.sk.startswith("STOCK_CHANGE#"), consistent_read=True)
        assert stock.available + stock.reserved + stock.sold == stock.received == sum(each.change for each in ledger)
        assert min(stock.available, stock.reserved, stock.sold) >= 0
    return products


def test_of_many_who_create_products_with_one_sku_one_succeeds(writers: list[Caller]) -> None:
    results = at_once(lambda number: create(writers[number % 3], sku=("MUG", "mug")[number % 2]), CROWD)
    assert outcomes(results) == {"done": 1, "SKU_TAKEN": CROWD - 1}
    assert len(assert_consistent()) == 1


def test_twenty_changes_of_stock_at_once_never_take_more_than_there_is(writers: list[Caller]) -> None:
    product = create(writers[0], stock=10).product
    results = outcomes(at_once(lambda number: take(writers[number % 3], product, -1), CROWD))
    assert results.keys() <= {"done", "OUT_OF_STOCK", "CONFLICT"}
    stock = reading.get(product.id, writers[0]).stock
    assert (stock.available, stock.version) == (10 - results["done"], 1 + results["done"])
    assert_consistent()
    events = OutboxItem.query(f"PRODUCT#{product.id}", OutboxItem.sk.startswith("EVENT#"))
    assert [event.event_type for event in events].count("product.stock_changed") == results["done"]


def test_a_change_of_stock_that_is_sent_many_times_at_once_is_made_once(writers: list[Caller]) -> None:
    product = create(writers[0], stock=10).product
    context = RequestContext(writers[0].user_id, "test", "fingerprint:body")
    results = outcomes(at_once(lambda _: take(writers[0], product, -4, context), 8))
    assert results.keys() <= {"done", "CONFLICT"}
    assert results["done"] >= 1
    assert reading.get(product.id, writers[0]).stock.available == 6
    assert_consistent()


def test_a_creation_that_is_sent_many_times_at_once_is_made_once(writers: list[Caller]) -> None:
    context = RequestContext(writers[0].user_id, "test", "fingerprint:body")
    results = at_once(lambda _: create(writers[0], context), 8)
    assert outcomes(results).keys() <= {"done", "CONFLICT"}
    assert len({each.product.id for each in results if isinstance(each, StockedProduct)}) == 1
    assert len(assert_consistent()) == 1


def test_many_who_rename_retire_and_sell_a_product_leave_no_mixture(writers: list[Caller]) -> None:
    product = create(writers[0], stock=100).product

    def act(number: int) -> object:
        by = writers[number % 3]
        if number % 4 == 0:
            return take(by, product, -1)
        changes = ({"name": f"Mug number {number}"}, {"active": number % 8 == 1}, {"price": {"amount": number}})
        return service.update(product.id, changes[number % 3], CONTEXT, if_version=lambda _: True, by=by)

    results = outcomes(at_once(act, CROWD))
    assert results.keys() <= {"done", "CONFLICT"}
    (stored,) = assert_consistent()
    events = OutboxItem.query(f"PRODUCT#{product.id}", OutboxItem.sk.startswith("EVENT#"))
    assert stored.version == 1 + [event.event_type for event in events].count("product.updated")
