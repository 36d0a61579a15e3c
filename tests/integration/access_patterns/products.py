"""Products."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from lamina import ids
from tests.integration.access_patterns.pattern import Pattern, World
from tests.support.aws import Answer, Api

PRODUCT = {
    "name": "A product of three words",
    "description": "Words, words, words.",
    "price": {"amount": 1499, "currency": "EUR"},
    "stock": 10,
}


def _offer(world: World, _: object = None) -> Answer:
    return world.admin.post("/v1/products", {**PRODUCT, "sku": f"SKU-{ids.new_id()[-6:]}"})


def offered(world: World) -> str:
    return str(_offer(world).data["id"])


def _of_product(**changes: object) -> Callable[[World, str], Answer]:
    """Read a product as somebody who is not signed in, or change it as an admin."""

    def act(world: World, product: str) -> Answer:
        path = f"/v1/products/{product}"
        return world.admin.patch(path, changes) if changes else Api().get(path)

    return act


def _products(query: str) -> Callable[[World, Any], Answer]:
    return lambda _, cursor: Api().get(f"/v1/products?limit=10&{query}" + (f"&cursor={cursor}" if cursor else ""))


def _read_first_page(_: World) -> None:
    assert Api().get("/v1/products?limit=10").status == HTTPStatus.OK


def _restock(world: World, product: str) -> Answer:
    return world.admin.post(f"/v1/products/{product}/stock", {"change": 5, "reason": "Delivery"})


PATTERNS = (
    Pattern("Create a product", "POST /v1/products", _offer),
    Pattern("Read a product", "GET /v1/products/{id}", _of_product(), offered),
    Pattern("List products, newest first", "GET /v1/products", _products("")),
    Pattern("… in the cache", "GET /v1/products", _products(""), _read_first_page, cached=True),
    Pattern(
        "… by cursor",
        "GET /v1/products",
        _products(""),
        lambda _: str(Api().get("/v1/products?limit=10").json["meta"]["next_cursor"]),
    ),
    Pattern("… sorted by name", "GET /v1/products", _products("sort=name")),
    Pattern("… sorted by SKU", "GET /v1/products", _products("sort=-sku")),
    Pattern("Search products", "GET /v1/products", _products("search=mug")),
    Pattern("Update the price of a product", "PATCH /v1/products/{id}", _of_product(price={"amount": 1}), offered),
    Pattern("… its name", "PATCH /v1/products/{id}", _of_product(name="Another name"), offered),
    Pattern("Change the stock of a product", "POST /v1/products/{id}/stock", _restock, offered),
    Pattern(
        "Delete a product",
        "DELETE /v1/products/{id}",
        lambda world, product: world.admin.delete(f"/v1/products/{product}"),
        offered,
    ),
)
