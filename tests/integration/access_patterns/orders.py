"""Orders."""

from collections.abc import Callable
from typing import Any

from lamina import ids
from lamina.events.request_context import RequestContext
from lamina.orders import service as orders
from lamina.orders import steps
from lamina.orders.projecting import project
from lamina.orders.service import NewLine, NewOrder
from tests.integration.access_patterns.pattern import Pattern, World
from tests.integration.access_patterns.products import offered
from tests.support.aws import Answer
from tests.support.callers import acting


def _order(world: World, product: str) -> Answer:
    wanted = {"lines": [{"product_id": product, "quantity": 1}], "payment_method": "pm_card_visa"}
    return world.viewer.post("/v1/orders", wanted, headers={"Idempotency-Key": ids.new_id()})


def _ordered(world: World) -> str:
    return str(_order(world, offered(world)).data["id"])


def _placed(*, events: int = 1, projected: bool = True) -> Callable[[World], str]:
    """Place an order of the viewer, and do some of its steps."""

    def prepare(world: World) -> str:
        product, customer = offered(world), acting(world.somebody)
        new = NewOrder(lines=[NewLine(product, 1)], payment_method="pm_card_visa")
        order = orders.place(new, RequestContext(None, "test"), by=customer)
        if projected:
            project(order.id)
        if events > 1:
            steps.reserve(order.id, RequestContext(None, "test"))
        return order.id

    return prepare


def _orders(query: str = "") -> Callable[[World, Any], Answer]:
    return lambda world, _: world.admin.get(f"/v1/orders?limit=10&{query}")


PATTERNS = (
    Pattern("Place an order of one line", "POST /v1/orders", _order, offered),
    Pattern(
        "Read an order", "GET /v1/orders/{id}", lambda world, order: world.viewer.get(f"/v1/orders/{order}"), _ordered
    ),
    Pattern(
        "… its history",
        "GET /v1/orders/{id}/history",
        lambda world, order: world.viewer.get(f"/v1/orders/{order}/history"),
        _ordered,
    ),
    Pattern(
        "Cancel an order",
        "POST /v1/orders/{id}/cancel",
        lambda world, order: world.viewer.post(f"/v1/orders/{order}/cancel"),
        _ordered,
    ),
    Pattern("List the orders of all customers", "GET /v1/orders", _orders(), _placed()),
    Pattern("… in a state", "GET /v1/orders", _orders("status=pending"), _placed()),
    Pattern(
        "List the orders of a user",
        "GET /v1/users/{id}/orders",
        lambda world, _: world.admin.get(f"/v1/users/{world.somebody.id}/orders?limit=10"),
        _placed(),
    ),
    Pattern(
        "List an order that was placed",
        "queue → consumers/project_orders",
        lambda _, order: project(order),
        _placed(projected=False),
    ),
    Pattern(
        "… that has changed", "queue → consumers/project_orders", lambda _, order: project(order), _placed(events=2)
    ),
    Pattern("… that has not changed", "queue → consumers/project_orders", lambda _, order: project(order), _placed()),
)
