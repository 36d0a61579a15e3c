"""Products, for the tests that cover every function."""

from collections.abc import Callable
from typing import Any

from lamina import ids
from lamina.access.policy import Action, Role
from lamina.money import Money
from lamina.products.items import entry_items, product_item, sku_item, stock_item
from lamina.products.model import Product
from lamina.storage import list_cursors
from lamina.storage.item import Item
from tests.roles.process import Scenario, forget_idempotency_records, table_busy
from tests.support.aws import Api, signed_in

PRODUCT = "0190a3f0-0000-7000-8000-0000000000b1"
BODY = {
    "sku": "MUG-RED",
    "name": "Red mug",
    "description": "Stoneware, 300 ml.",
    "price": {"amount": 1499, "currency": "EUR"},
    "stock": 5,
}
CHANGE = {"change": 2, "reason": "Delivery 4711"}


def stored(product_id: str, sku: str, *, available: int = 20, **fields: Any) -> list[Item]:
    """The items of a product, for sale unless `fields` say otherwise."""
    now = ids.now()
    own = {"name": "Blue mug", "price": Money(1499, "EUR"), "created_at": now, "updated_at": now}
    product = Product(id=product_id, sku=sku, **{**own, **fields})
    return [
        product_item(product),
        stock_item(product_id, available),
        sku_item(product),
        *entry_items(product).values(),
    ]


def store_sample() -> None:
    for item in stored(PRODUCT, "MUG-BLUE"):
        item.save()


def resource() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    product = _create(admin)
    at = f"/v1/products/{product['id']}"
    _change_stock(admin, at)
    for changes in ({"name": "Green mug"}, {"price": {"amount": 1}}, {"active": False}, {"active": True}):
        assert admin.patch(at, changes).status == 200
    assert Api().get(at).data["name"] == "Green mug"
    admin.post("/v1/products", {**BODY, "sku": "another"})
    for query in ("", "sort=name&", "sort=-sku&", "active=false&", "page=1&", "search=mug&"):
        list_cursors._secrets.clear_cache()  # type: ignore[no-untyped-call]  # Powertools leaves it so
        for api in (admin, Api()):
            page = api.get(f"/v1/products?{query}limit=1")
            assert page.status == 200, page.body
    assert admin.delete(at).status == 204


def _create(admin: Api) -> Any:
    request: dict[str, Any] = {"body": BODY, "headers": {"Idempotency-Key": "1"}}
    with table_busy():
        assert admin.post("/v1/products", **request).status == 503
    created = admin.post("/v1/products", **request)
    assert admin.post("/v1/products", **request).json == created.json
    forget_idempotency_records()
    assert admin.post("/v1/products", **request).data == created.data
    return created.data


def _change_stock(admin: Api, at: str) -> None:
    request: dict[str, Any] = {"body": CHANGE, "headers": {"Idempotency-Key": "1"}}
    with table_busy():
        assert admin.post(f"{at}/stock", **request).status == 503
    changed = admin.post(f"{at}/stock", **request)
    assert admin.post(f"{at}/stock", **request).json == changed.json
    forget_idempotency_records()
    assert admin.post(f"{at}/stock", **request).data == changed.data
    assert admin.post(f"{at}/stock", {**CHANGE, "change": -100}).status == 422


NOBODYS = {"product", "product_entry", "product_sku", "product_stock", "stock_change"}
SCENARIOS: dict[str, Scenario] = {
    "products/change_stock": resource,
    "products/create": resource,
    "products/delete": resource,
    "products/get": resource,
    "products/list": resource,
    "products/update": resource,
}

WRITERS = {Role.ADMIN, Role.EDITOR}
ALLOWED = {
    # action: who may do it to anybody's, who may do it to their own
    Action.PRODUCT_CREATE: (WRITERS, WRITERS),
    Action.PRODUCT_READ_INACTIVE: (WRITERS, WRITERS),
    Action.PRODUCT_UPDATE: (WRITERS, WRITERS),
    Action.PRODUCT_CHANGE_STOCK: (WRITERS, WRITERS),
    Action.PRODUCT_DELETE: ({Role.ADMIN}, {Role.ADMIN}),
}


def questions(inside: Any) -> dict[Action, Callable[[Any, str], int]]:
    """The questions about a product."""

    def path(**fields: Any) -> str:
        product_id = ids.new_id()
        for item in stored(product_id, f"sku-{product_id}", **fields):
            inside.put(item)
        return f"/v1/products/{product_id}"

    def as_forbidden(status: int) -> int:
        return 403 if status == 404 else status

    return {
        Action.PRODUCT_CREATE: lambda asker, _: (
            asker.post("/v1/products", {**BODY, "sku": f"new-{ids.new_id()}"}).status
        ),
        Action.PRODUCT_READ_INACTIVE: lambda asker, _: as_forbidden(asker.get(path(active=False)).status),
        Action.PRODUCT_UPDATE: lambda asker, _: asker.patch(path(), {"name": "Changed"}).status,
        Action.PRODUCT_CHANGE_STOCK: lambda asker, _: asker.post(f"{path()}/stock", CHANGE).status,
        Action.PRODUCT_DELETE: lambda asker, _: asker.delete(path()).status,
    }
