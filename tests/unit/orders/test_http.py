"""Orders over the API: who places, reads and cancels them, what a retry returns, and how an order stood before."""

from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.orders import steps
from tests.roles.orders import body, key
from tests.roles.products import BODY as PRODUCT
from tests.support.aws import Answer, Api
from tests.support.people import Person, person
from tests.unit.orders.orders import CONTEXT

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def ann(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("ann")


@pytest.fixture
def admin(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("admin", Role.ADMIN)


@pytest.fixture
def product(admin: Person) -> Any:
    return admin.api.post("/v1/products", PRODUCT).data


def place(who: Person, product: Any, quantity: int = 2) -> Answer:
    answer = who.api.post("/v1/orders", body(product["id"], quantity), headers=key())
    assert answer.status == 201, answer.body
    return answer


def path(order: Any) -> str:
    return f"/v1/orders/{order['id']}"


def test_an_order_has_the_prices_of_its_moment_and_is_read_as_it_was_placed(
    ann: Person, admin: Person, product: Any
) -> None:
    placed = place(ann, product)
    order = placed.data
    admin.api.patch(f"/v1/products/{product['id']}", {"name": "Another", "price": {"amount": 1}})
    assert placed.headers["Location"] == placed.json["links"]["self"]
    assert {name: order[name] for name in ("status", "customer_id", "total", "reason", "version")} == {
        "status": "pending",
        "customer_id": ann.id,
        "total": {"amount": 2998, "currency": "EUR"},
        "reason": None,
        "version": 1,
    }
    assert order["payment"] == {"status": "pending", "method": "pm_card_visa", "reference": ""}
    assert order["lines"] == [
        {
            "product_id": product["id"],
            "sku": "MUG-RED",
            "name": "Red mug",
            "quantity": 2,
            "unit_price": {"amount": 1499, "currency": "EUR"},
            "total": {"amount": 2998, "currency": "EUR"},
        }
    ]
    read = ann.api.get(path(order))
    assert read.data == order
    assert ann.api.get(path(order), headers={"If-None-Match": read.headers["ETag"]}).status == 304


def test_an_order_needs_an_idempotency_key_and_a_retry_gets_the_same_order(ann: Person, product: Any) -> None:
    refused = ann.api.post("/v1/orders", body(product["id"]))
    assert (refused.status, refused.error["code"]) == (428, "IDEMPOTENCY_KEY_REQUIRED")
    headers = key()
    first, again = (ann.api.post("/v1/orders", body(product["id"]), headers=headers) for _ in range(2))
    assert first.data == again.data
    assert again.headers["Idempotent-Replayed"] == "true"
    other = ann.api.post("/v1/orders", body(product["id"], 2), headers=headers)
    assert (other.status, other.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"product_id": "x", "quantity": 1}]}, "lines.0.product_id"),
        ({"payment_method": "visa; drop"}, "payment_method"),
        ({"payment_method": ""}, "payment_method"),
        ({"customer_id": "x"}, "customer_id"),
    ],
)
def test_a_field_that_is_invalid_is_named(ann: Person, product: Any, changes: Any, field: str) -> None:
    answer = ann.api.post("/v1/orders", {**body(product["id"]), **changes}, headers=key())
    assert (answer.status, answer.error["details"][0]["field"]) == (400, field)


@pytest.mark.parametrize("quantity", [0, -1, 1001, 1.5, "2", True, None])
def test_a_quantity_is_an_integer_from_1_to_1000(ann: Person, product: Any, quantity: Any) -> None:
    answer = ann.api.post("/v1/orders", body(product["id"], quantity), headers=key())
    assert (answer.status, answer.error["details"][0]["field"]) == (400, "lines.0.quantity")


def test_what_is_not_for_sale_cannot_be_ordered(ann: Person, admin: Person, product: Any) -> None:
    assert admin.api.delete(f"/v1/products/{product['id']}").status == 204
    answer = ann.api.post("/v1/orders", body(product["id"]), headers=key())
    assert (answer.status, answer.error["code"]) == (422, "PRODUCT_UNAVAILABLE")
    assert answer.error["details"][0]["field"] == "lines.0.product_id"


def test_an_order_is_there_for_its_customer_and_for_admins_only(ann: Person, admin: Person, product: Any) -> None:
    order = place(ann, product).data
    stranger, editor = person("bob"), person("ed", Role.EDITOR)
    for who in (stranger, editor):
        for answer in (
            who.api.get(path(order)),
            who.api.get(f"{path(order)}/history"),
            who.api.post(f"{path(order)}/cancel"),
        ):
            assert (answer.status, answer.error["message"]) == (404, "The order was not found.")
    assert admin.api.get(path(order)).data == order
    assert ann.api.get(path({"id": product["id"]})).status == 404


def test_a_key_that_may_only_read_neither_places_nor_cancels(ann: Person, product: Any) -> None:
    order = place(ann, product).data
    made = ann.api.post("/v1/api-keys", {"name": "k", "scopes": ["read"]}).data["key"]
    reading = {"X-API-Key": made}
    assert Api().get(path(order), headers=reading).data == order
    assert Api().post(f"{path(order)}/cancel", headers=reading).status == 403
    assert Api().post("/v1/orders", body(product["id"]), headers={**reading, **key()}).status == 403


def test_an_order_is_cancelled_once_by_its_customer_or_an_admin(ann: Person, admin: Person, product: Any) -> None:
    for who in (ann, admin):
        order = place(ann, product).data
        assert "cancel" in ann.api.get(path(order)).json["links"]
        cancelled = who.api.post(f"{path(order)}/cancel")
        assert (cancelled.status, cancelled.data["status"], cancelled.data["version"]) == (200, "cancelled", 2)
        assert "cancel" not in cancelled.json["links"]
        again = who.api.post(f"{path(order)}/cancel")
        assert (again.status, again.error["code"]) == (422, "INVALID_TRANSITION")


def test_a_history_has_each_event_and_the_order_as_it_stood(ann: Person, product: Any) -> None:
    order = place(ann, product).data
    reserved = steps.reserve(order["id"], CONTEXT)
    ann.api.post(f"{path(order)}/cancel")
    whole = ann.api.get(f"{path(order)}/history").data
    assert [(each["version"], each["type"], each["status"]) for each in whole["events"]] == [
        (1, "placed", "pending"),
        (2, "stock_reserved", "reserved"),
        (3, "cancelled", "cancelled"),
    ]
    assert (whole["as_of"], whole["order"]) == (None, ann.api.get(path(order)).data)
    then = ann.api.get(f"{path(order)}/history?as_of={reserved.updated_at}").data
    assert (then["as_of"], then["order"]["status"], len(then["events"])) == (reserved.updated_at, "reserved", 2)
    placed = ann.api.get(f"{path(order)}/history?as_of={order['created_at']}").data
    assert placed["order"] == order


def test_there_is_no_history_before_an_order_was_placed(ann: Person, product: Any) -> None:
    order = place(ann, product).data
    before = ann.api.get(f"{path(order)}/history?as_of=2020-01-01T00:00:00Z")
    assert (before.status, before.error["code"]) == (404, "NOT_FOUND")
    assert ann.api.get(f"{path(order)}/history?as_of=yesterday").status == 400
