"""Lists of orders and their projection, for the tests that cover every function."""

import json

from lamina import ids
from lamina.access.policy import Caller, Role
from lamina.orders import service, steps
from lamina.orders.entries import OrderEntryItem, entry_key
from lamina.orders.model import Order
from lamina.orders.service import NewLine, NewOrder
from lamina.storage import list_cursors
from tests.roles.process import Scenario, forget_idempotency_records, place, table_busy
from tests.roles.products import PRODUCT, stored
from tests.support.aws import invoke, signed_in
from tests.support.callers import acting
from tests.support.samples import sample
from tests.unit.orders.orders import CONTEXT

NOBODYS = {"order_entry", "product_sales"}
"""As orders, their lists name a customer by an id, and outlive it."""


def project_order(order_id: str, event_id: str) -> list[dict[str, str]]:
    """Let the consumer process an event of an order; return what failed."""
    event = sample("consumers/project_orders")
    body = json.loads(event["Records"][0]["body"])
    body["detail"] |= {"id": event_id, "subject": order_id, "occurred_at": ids.now()}
    event["Records"][0]["body"] = json.dumps(body)
    failed: list[dict[str, str]] = invoke(place("consumers/project_orders"), event)["batchItemFailures"]
    return failed


def lists() -> None:
    admin, user = signed_in("admin", Role.ADMIN)
    for item in stored(PRODUCT, "MUG-BLUE"):
        item.save()
    order = _confirmed(acting(user))
    with table_busy():
        assert project_order(order.id, "1")
    for event_id in ("2", "2", "3"):
        assert project_order(order.id, event_id) == []
        forget_idempotency_records()
    _postponed(acting(user))
    for at in ("/v1/orders", f"/v1/users/{user.id}/orders"):
        for query in ("", "status=confirmed", "sort=created_at", "page=1"):
            list_cursors._secrets.clear_cache()  # type: ignore[no-untyped-call]  # Powertools leaves it so
            assert admin.get(f"{at}?{query}&limit=1").status == 200
    for query in ("", "&status=confirmed"):
        assert admin.get(f"/v1/orders?customer_id={user.id}{query}").status == 200
    entry = OrderEntryItem.get(*entry_key(order.id))
    entry.format = 99
    entry.save()
    for at in ("/v1/orders", f"/v1/users/{user.id}/orders"):
        assert admin.get(at).data[-1]["id"] == order.id


def _confirmed(customer: Caller) -> Order:
    order = _reserved(customer)
    steps.mark_paid(order.id, "pi_1", CONTEXT)
    return steps.confirm(order.id, CONTEXT)


def _postponed(customer: Caller) -> None:
    """Let the consumer read an order that still holds something."""
    order = _reserved(customer)
    service.cancel(order.id, CONTEXT)
    project_order(order.id, "4")


def _reserved(customer: Caller) -> Order:
    lines = [NewLine(PRODUCT, 1)]
    order = service.place(NewOrder(lines=lines, payment_method="pm_card_visa"), CONTEXT, by=customer)
    steps.reserve(order.id, CONTEXT)
    return steps.open_payment(order.id, "pi_1", CONTEXT)


SCENARIOS: dict[str, Scenario] = {
    "consumers/project_orders": lists,
    "orders/list": lists,
    "users/list_orders": lists,
}
