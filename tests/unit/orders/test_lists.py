"""Lists of orders over the API: who sees which, filters, sort orders, pages."""

from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.ids import new_id
from lamina.orders import listing, service
from lamina.orders.model import Order
from lamina.orders.projecting import project
from lamina.products.model import Product
from tests.support import calls
from tests.support.aws import make_user
from tests.support.callers import acting
from tests.support.people import Person, person
from tests.unit.orders.orders import CONTEXT, create_product, place

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def mug(aws: None) -> Product:  # noqa: ARG001 (a fixture that must be there)
    return create_product(acting(make_user("editor", Role.EDITOR)), "MUG", stock=1000)


@pytest.fixture
def ann(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("ann")


@pytest.fixture
def bob(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("bob")


@pytest.fixture
def admin(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("admin", Role.ADMIN)


def ordered(who: Person, product: Product) -> Order:
    order = place(acting(who.user), (product, 1))
    project(order.id)
    return order


def cancelled(order: Order) -> Order:
    service.cancel(order.id, CONTEXT)
    return project(order.id)


def listed(who: Person, query: str = "", at: str = "/v1/orders") -> list[str]:
    answer = who.api.get(f"{at}?{query}")
    assert answer.status == 200, answer.body
    return [each["id"] for each in answer.data]


def ids_of(*orders: Order) -> list[str]:
    return [order.id for order in orders]


def test_everybody_lists_their_own_orders_and_admins_those_of_all(
    ann: Person, bob: Person, admin: Person, mug: Product
) -> None:
    first, second, third = ordered(ann, mug), ordered(bob, mug), ordered(ann, mug)
    assert listed(ann) == ids_of(third, first)
    assert listed(bob) == ids_of(second)
    assert listed(admin) == ids_of(third, second, first)
    assert listed(admin, f"customer_id={bob.user.id}") == ids_of(second)


def test_nobody_else_lists_the_orders_of_a_customer(ann: Person, bob: Person, admin: Person, mug: Product) -> None:
    order = ordered(ann, mug)
    at = f"/v1/users/{ann.user.id}/orders"
    assert listed(ann, at=at) == listed(admin, at=at) == listed(ann, f"customer_id={ann.user.id}") == [order.id]
    assert bob.api.get(at).status == bob.api.get(f"/v1/orders?customer_id={ann.user.id}").status == 403
    assert admin.api.get(f"/v1/users/{new_id()}/orders").status == 404
    assert listed(admin, f"customer_id={new_id()}") == []


def test_orders_are_listed_by_status_and_sorted(ann: Person, admin: Person, mug: Product) -> None:
    first, second, third = (ordered(ann, mug) for _ in range(3))
    cancelled(second)
    for who in (ann, admin):
        assert listed(who, "status=pending") == ids_of(third, first)
        assert listed(who, "status=cancelled") == ids_of(second)
        assert listed(who, "status=paid") == []
        assert listed(who, "sort=created_at") == ids_of(first, second, third)


def test_an_order_in_a_list_is_as_it_is_read_alone(ann: Person, mug: Product) -> None:
    order = cancelled(ordered(ann, mug))
    (found,) = ann.api.get("/v1/orders").data
    assert found == {
        "id": order.id,
        "number": order.number,
        "customer_id": ann.user.id,
        "status": "cancelled",
        "lines": [
            {
                "product_id": mug.id,
                "sku": "MUG",
                "name": "MUG",
                "quantity": 1,
                "unit_price": {"amount": 150, "currency": "EUR"},
                "total": {"amount": 150, "currency": "EUR"},
            }
        ],
        "total": {"amount": 150, "currency": "EUR"},
        "payment": {"status": "pending", "method": "pm_card_visa", "reference": ""},
        "reason": None,
        "version": 2,
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
    }


@pytest.mark.parametrize("query", ["", "status=pending&", "sort=created_at&"])
def test_pages_show_each_order_once(query: str, ann: Person, admin: Person, mug: Product) -> None:
    placed = ids_of(*(ordered(ann, mug) for _ in range(7)))
    for who in (ann, admin):
        found: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            answer = who.api.get(f"/v1/orders?{query}limit=3" + (f"&cursor={cursor}" if cursor else ""))
            found += [each["id"] for each in answer.data]
            cursor = answer.json["meta"]["next_cursor"]
        assert found == (placed if "sort" in query else placed[::-1])
        assert listed(who, f"{query}limit=3&page=3") == found[6:]


def test_a_cursor_of_ones_own_list_is_not_one_of_anybodys(ann: Person, admin: Person, mug: Product) -> None:
    for _ in range(2):
        ordered(ann, mug)
    cursor = ann.api.get("/v1/orders?limit=1").json["meta"]["next_cursor"]
    assert admin.api.get(f"/v1/orders?limit=1&cursor={cursor}").error["code"] == "VALIDATION_ERROR"


def test_an_order_that_has_just_left_a_state_is_not_listed_in_it(
    ann: Person, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = ordered(ann, mug)
    read: Any = vars(listing)["read"]

    def late(*given: Any, **how: Any) -> Any:
        found = read(*given, **how)
        with calls.by_nobody():
            cancelled(order)
        return found

    monkeypatch.setattr(listing, "read", late)
    assert listed(ann, "status=pending") == []


def test_a_list_is_not_sent_again_until_it_changes(ann: Person, mug: Product) -> None:
    order = ordered(ann, mug)
    etag = ann.api.get("/v1/orders").headers["ETag"]
    assert ann.api.get("/v1/orders", headers={"If-None-Match": etag}).status == 304
    cancelled(order)
    assert ann.api.get("/v1/orders", headers={"If-None-Match": etag}).status == 200


def test_parameters_that_are_not_known_are_refused(ann: Person) -> None:
    for query in ("status=lost", "customer_id=nobody", "sort=total", "limit=0"):
        assert ann.api.get(f"/v1/orders?{query}").error["code"] == "VALIDATION_ERROR"
