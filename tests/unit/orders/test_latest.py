"""The latest orders of customers: kept by the projection, whatever happens in between, and gone with their customer."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from lamina.access.policy import Caller, Role
from lamina.errors import Conflict
from lamina.orders import latest, projecting
from lamina.orders.entries import LatestOrdersItem, OrderEntryItem, entry_key, latest_key
from lamina.orders.events import fold
from lamina.orders.latest import KEPT, add, latest_of
from lamina.orders.model import Order
from lamina.orders.projecting import project
from lamina.orders.purging import purge
from lamina.orders.rebuilding import rebuild
from lamina.products.model import Product
from lamina.storage.batch_deletion import BatchDeletion
from lamina.users.items import UserItem, user_key
from lamina.users.model import User
from tests.support.aws import make_user
from tests.support.callers import acting
from tests.unit.orders.orders import create_product, instant, place, placed

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def user(aws: None) -> User:  # noqa: ARG001 (a fixture that must be there)
    return make_user("customer")


@pytest.fixture
def customer(user: User) -> Caller:
    return acting(user)


@pytest.fixture
def mug(aws: None) -> Product:  # noqa: ARG001 (a fixture that must be there)
    return create_product(acting(make_user("editor", Role.EDITOR)), "MUG", stock=1000)


def made(customer: Caller, second: int) -> Order:
    """An order that was placed at a second, as its projection sees it."""
    order_id = f"0190a3f0-0000-7000-8000-{second:012}"
    return fold([replace(placed(at=instant(second)), order_id=order_id, customer_id=customer.user_id)])


def kept(customer: Caller) -> list[str]:
    found = latest_of([customer.user_id, "another"])  # of a single customer, the list is read
    return list(found.get(customer.user_id, ()))


def ids_of(*orders: Order) -> list[str]:
    return [order.id for order in orders]


@pytest.mark.parametrize("sequence", list(permutations(range(3))))
def test_orders_may_be_added_in_any_sequence_and_again(customer: Caller, sequence: tuple[int, ...]) -> None:
    orders = [made(customer, second) for second in range(3)]
    for number in (*sequence, *sequence):
        add(orders[number])
    assert kept(customer) == ids_of(*orders[::-1])


def test_only_the_newest_are_kept(customer: Caller) -> None:
    orders = [made(customer, second) for second in range(KEPT + 2)]
    for order in (*orders[::2], *orders[1::2]):
        add(order)
    assert kept(customer) == ids_of(*orders[:1:-1])
    version = LatestOrdersItem.get(*latest_key(customer.user_id)).version
    add(orders[0])  # too old
    assert LatestOrdersItem.get(*latest_key(customer.user_id)).version == version


def test_a_projection_that_dies_before_it_writes_the_entry_is_repeated(
    customer: Caller, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(Exception):
        pass

    def die(order: Order) -> None:
        add(order)
        raise Died

    order = place(customer, (mug, 1))
    monkeypatch.setattr(latest, "add", die)
    with pytest.raises(Died):
        project(order.id)
    assert kept(customer) == ids_of(order)
    with pytest.raises(OrderEntryItem.DoesNotExist):
        OrderEntryItem.get(*entry_key(order.id))
    monkeypatch.setattr(latest, "add", add)
    project(order.id)
    assert kept(customer) == ids_of(order)
    assert projecting.stored_entry(order.id)


def test_concurrent_additions_lose_nothing(customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    orders, stored = [made(customer, second) for second in range(2)], latest._stored

    def interrupt(customer_id: str) -> Any:
        monkeypatch.setattr(latest, "_stored", stored)
        item = stored(customer_id)
        add(orders[1])
        return item

    monkeypatch.setattr(latest, "_stored", interrupt)
    add(orders[0])
    assert kept(customer) == ids_of(*orders[::-1])


def test_an_addition_that_keeps_losing_is_retried_by_the_queue(
    customer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(made(customer, 1))
    monkeypatch.setattr(latest, "_stored", lambda _: None)
    with pytest.raises(Conflict):
        add(made(customer, 2))


def test_a_rebuild_fills_them(customer: Caller, mug: Product) -> None:
    orders = [place(customer, (mug, 1)) for _ in range(3)]
    for order in orders:
        project(order.id)
    LatestOrdersItem.get(*latest_key(customer.user_id)).delete()
    list(rebuild())
    assert kept(customer) == ids_of(*orders[::-1])


def test_a_purge_leaves_none_and_neither_a_late_event_nor_a_rebuild_brings_them_back(
    customer: Caller, mug: Product
) -> None:
    order, late = place(customer, (mug, 1)), place(customer, (mug, 1))
    project(order.id)
    purge(customer.user_id, BatchDeletion(lambda: True))
    UserItem.get(*user_key(customer.user_id)).delete()
    project(late.id)
    list(rebuild())
    assert kept(customer) == []
    assert projecting.stored_entry(late.id)
