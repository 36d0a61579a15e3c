"""Orders, for the tests that cover every function."""

from collections.abc import Callable
from typing import Any

from lamina import ids
from lamina.access.policy import Action, Role
from lamina.orders.events import Placed, fold
from lamina.orders.items import history_item, order_item
from lamina.storage.item import Item
from tests.roles.process import Scenario, forget_idempotency_records, table_busy
from tests.roles.products import BODY as PRODUCT
from tests.roles.products import stored as stored_product
from tests.support.aws import Api, signed_in
from tests.support.samples import VIEWER
from tests.unit.orders.orders import line

ORDER = "0190a3f0-0000-7000-8000-0000000000ca"
METHOD = "pm_card_visa"


def body(product_id: str, quantity: int = 1) -> dict[str, Any]:
    """The body of a new order."""
    return {"lines": [{"product_id": product_id, "quantity": quantity}], "payment_method": METHOD}


def key() -> dict[str, str]:
    """The headers of a new order."""
    return {"Idempotency-Key": ids.new_id()}


def stored(order_id: str, customer_id: str) -> list[Item]:
    """The items of an order that was just placed."""
    event = Placed(at=ids.now(), order_id=order_id, customer_id=customer_id, lines=(line(),), payment_method=METHOD)
    order = fold([event])
    return [order_item(order), history_item(order, event, customer_id)]


def store_sample() -> None:
    """An order of the viewer that can be cancelled."""
    for item in stored(ORDER, VIEWER):
        item.save()


def resource() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    customer, _ = signed_in("customer")
    product = admin.post("/v1/products", PRODUCT).data["id"]
    at = f"/v1/orders/{_place(customer, product)['id']}"
    assert customer.get(at).status == 200
    assert customer.post(f"{at}/cancel").data["status"] == "cancelled"
    assert customer.post(f"{at}/cancel").status == 422
    assert admin.get(f"{at}/history").data["order"]["version"] == 2


def _place(customer: Api, product: str) -> Any:
    request: dict[str, Any] = {"body": body(product), "headers": {"Idempotency-Key": "1"}}
    with table_busy():
        assert customer.post("/v1/orders", **request).status == 503
    placed = customer.post("/v1/orders", **request)
    assert customer.post("/v1/orders", **request).json == placed.json
    forget_idempotency_records()
    assert customer.post("/v1/orders", **request).data == placed.data
    return placed.data


NOBODYS = {"order", "order_event"}
"""Orders are accounts of a business, which outlive their customer: of whom they hold an id that names nobody then."""
SCENARIOS: dict[str, Scenario] = {
    "orders/cancel": resource,
    "orders/create": resource,
    "orders/get": resource,
    "orders/history": resource,
}

EVERYBODY = set(Role)
ALLOWED = {
    # action: who may do it to anybody's, who may do it to their own
    Action.ORDER_PLACE: (set[Role](), EVERYBODY),
    Action.ORDER_READ: ({Role.ADMIN}, EVERYBODY),
    Action.ORDER_CANCEL: ({Role.ADMIN}, EVERYBODY),
}


def questions(inside: Any) -> dict[Action, Callable[[Any, str], int]]:
    """The questions about an order of somebody: to whom it is not theirs, there is none."""

    def product() -> str:
        product_id = ids.new_id()
        for item in stored_product(product_id, f"sku-{product_id}"):
            inside.put(item)
        return product_id

    def path(owner: str) -> str:
        order_id = ids.new_id()
        for item in stored(order_id, owner):
            inside.put(item)
        return f"/v1/orders/{order_id}"

    def as_forbidden(status: int) -> int:
        return 403 if status == 404 else status

    return {
        Action.ORDER_PLACE: lambda asker, _: asker.post("/v1/orders", body(product()), headers=key()).status,
        Action.ORDER_READ: lambda asker, user: as_forbidden(asker.get(path(user)).status),
        Action.ORDER_CANCEL: lambda asker, user: as_forbidden(asker.post(f"{path(user)}/cancel").status),
    }
