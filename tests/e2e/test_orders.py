"""Orders on the running stack: placed over HTTP, and taken to their end by the state machine and the provider."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import PASSWORD, SEED_PASSWORD, register, wait_until

pytestmark = pytest.mark.xdist_group("stack")

SECONDS = 60
STOCK = 5


@pytest.fixture
def editor(anyone: Client, seeded: str) -> Client:
    assert seeded
    return anyone.signed_in("editor@lamina.test", SEED_PASSWORD)


@pytest.fixture
def product(editor: Client) -> Any:
    body = {"sku": f"SKU-{uuid4().hex[:12]}", "name": "A thing", "price": {"amount": 250, "currency": "EUR"}}
    return editor.post("/v1/products", {**body, "stock": STOCK}).data


@pytest.fixture
def customer(anyone: Client) -> Client:
    return anyone.signed_in(register(anyone)["email"], PASSWORD)


def place(who: Client, product: Any, quantity: int = 2, method: str = "pm_card_visa", key: str = "") -> Any:
    body = {"lines": [{"product_id": product["id"], "quantity": quantity}], "payment_method": method}
    answer = who.post("/v1/orders", body, headers={"Idempotency-Key": key or uuid4().hex})
    assert answer.status == HTTPStatus.CREATED, answer.body
    assert answer.data["status"] == "pending"
    return answer.data


def followed(who: Client, order: Any, is_reached: Callable[[Any], bool]) -> Any:
    """The order, once it is as wanted."""
    seen: list[Any] = []

    def check() -> bool:
        seen.append(who.get(f"/v1/orders/{order['id']}").data)
        return is_reached(seen[-1])

    wait_until(check, f"order {order['id']}", SECONDS)
    return seen[-1]


def has_ended(order: Any) -> bool:
    return order["status"] in {"confirmed", "rejected"}


def stock(anyone: Client, product: Any) -> int:
    pieces: int = anyone.get(f"/v1/products/{product['id']}").data["stock"]
    return pieces


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_slow", "pm_card_lost"])
def test_an_order_is_reserved_charged_and_confirmed(
    anyone: Client, customer: Client, product: Any, method: str
) -> None:
    order = followed(customer, place(customer, product, method=method), has_ended)
    assert (order["status"], order["payment"]["status"], order["total"]["amount"]) == ("confirmed", "charged", 500)
    assert stock(anyone, product) == STOCK - 2
    history = customer.get(f"/v1/orders/{order['id']}/history").data
    assert history["order"] == order
    events = [each["type"] for each in history["events"]]
    assert events == ["placed", "stock_reserved", "payment_opened", "paid", "confirmed"]
    then = history["events"][1]["occurred_at"]
    earlier = customer.get(f"/v1/orders/{order['id']}/history?as_of={then}").data
    assert (earlier["order"]["status"], len(earlier["events"])) == ("reserved", 2)


def test_an_order_whose_payment_is_declined_is_rejected_and_gives_its_stock_back(
    anyone: Client, customer: Client, product: Any
) -> None:
    order = followed(customer, place(customer, product, method="pm_card_chargeDeclined"), has_ended)
    assert (order["status"], order["reason"]) == ("rejected", "PAYMENT_DECLINED")
    wait_until(lambda: stock(anyone, product) == STOCK, "the stock is back", SECONDS)


def test_an_order_of_more_than_there_is_is_rejected(anyone: Client, customer: Client, product: Any) -> None:
    order = followed(customer, place(customer, product, STOCK + 1), has_ended)
    assert (order["status"], order["reason"]) == ("rejected", "OUT_OF_STOCK")
    assert stock(anyone, product) == STOCK


def test_a_confirmed_order_that_is_cancelled_is_refunded_and_its_stock_comes_back(
    anyone: Client, customer: Client, admin: Client, product: Any
) -> None:
    order = followed(customer, place(customer, product), has_ended)
    cancelled = admin.post(f"/v1/orders/{order['id']}/cancel")
    assert cancelled.data["status"] == "cancelled"
    refunded = followed(customer, order, lambda found: found["payment"]["status"] == "refunded")
    assert refunded["status"] == "cancelled"
    wait_until(lambda: stock(anyone, product) == STOCK, "the stock is back", SECONDS)
    again = customer.post(f"/v1/orders/{order['id']}/cancel")
    assert (again.status, again.error["code"]) == (HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID_TRANSITION")


def test_a_retry_with_the_same_key_is_the_same_order_and_nobody_else_sees_it(
    anyone: Client, customer: Client, editor: Client, product: Any
) -> None:
    key = uuid4().hex
    first, again = (place(customer, product, key=key) for _ in range(2))
    assert first == again
    followed(customer, first, has_ended)
    assert stock(anyone, product) == STOCK - 2
    assert editor.get(f"/v1/orders/{first['id']}").status == HTTPStatus.NOT_FOUND
    assert anyone.get(f"/v1/orders/{first['id']}").status == HTTPStatus.UNAUTHORIZED
    refused = customer.post("/v1/orders", {"lines": [], "payment_method": "pm_card_visa"})
    assert refused.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.PRECONDITION_REQUIRED}
