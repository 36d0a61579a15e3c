"""Orders in GraphQL: as in REST, for their customer and for admins."""

from typing import Any

import pytest

from lamina import ids
from lamina.events.envelope import envelope
from lamina.events.outbox import OutboxItem
from lamina.orders import steps
from lamina.orders.projecting import follow
from tests.roles.products import BODY
from tests.support.graphql import codes, data, send
from tests.support.people import CONTEXT, Person

PLACE = """mutation($input: PlaceOrderInput!, $key: String!) {
  placeOrder(input: $input, idempotencyKey: $key) { id number status customerId customer { id email }
    lines { quantity productId product { sku stock } unitPrice { amount } total { amount currency } }
    total { amount } payment { status method reference } reason version createdAt updatedAt } }"""
CANCEL = "mutation($id: ID!) { cancelOrder(id: $id) { status } }"


@pytest.fixture
def product(author: Person) -> Any:
    return author.api.post("/v1/products", BODY).data


def place(who: Person, product: Any, key: str = "key", **fields: object) -> Any:
    line = {"productId": product["id"], "quantity": 2}
    return data(who.api, PLACE, input={"lines": [line], "paymentMethod": "pm_card_visa", **fields}, key=key)[
        "placeOrder"
    ]


def project() -> None:
    """Let the lists follow, as the consumer of events does."""
    for item in OutboxItem.scan(OutboxItem.sk.startswith("EVENT#")):
        if item.event_type.startswith("order."):
            follow(envelope(item))


def test_an_order_is_placed_as_in_rest(viewer: Person, product: Any) -> None:
    placed = place(viewer, product)
    same = viewer.api.get(f"/v1/orders/{placed['id']}").data
    assert (placed["number"], placed["status"], placed["total"]["amount"]) == (same["number"], "pending", 2998)
    assert placed["customer"] == {"id": viewer.id, "email": viewer.user.email}
    assert placed["lines"][0]["product"] == {"sku": product["sku"], "stock": product["stock"]}
    assert (placed["payment"]["status"], placed["reason"], placed["version"]) == ("pending", None, 1)


def test_the_same_key_is_the_same_order_and_another_body_is_refused(
    viewer: Person, author: Person, product: Any
) -> None:
    placed = place(viewer, product)
    assert place(viewer, product)["id"] == placed["id"]
    assert place(author, product)["id"] != placed["id"]
    other = {"lines": [{"productId": product["id"], "quantity": 1}], "paymentMethod": "pm_card_visa"}
    assert codes(send(viewer.api, PLACE, input=other, key="key")) == [("IDEMPOTENCY_KEY_REUSED", "placeOrder")]
    assert place(viewer, product, "another key"[:7])["id"] != placed["id"]


@pytest.mark.parametrize(
    ("fields", "key", "field"),
    [
        ({}, "", "idempotencyKey"),
        ({}, "a key", "idempotencyKey"),
        ({"lines": []}, "key", "lines"),
        ({"paymentMethod": "no method"}, "key", "paymentMethod"),
        ({"lines": [{"productId": ids.new_id(), "quantity": 0}]}, "key", "lines.0.quantity"),
    ],
)
def test_what_is_not_valid_is_named(viewer: Person, product: Any, fields: dict[str, Any], key: str, field: str) -> None:
    line = {"productId": product["id"], "quantity": 2}
    answer = send(viewer.api, PLACE, input={"lines": [line], "paymentMethod": "pm_card_visa", **fields}, key=key)
    assert codes(answer) == [("VALIDATION_ERROR", "placeOrder")]
    assert [each["field"] for each in answer.json["errors"][0]["extensions"]["details"]] == [field]


def test_an_order_is_seen_by_its_customer_and_admins_only(
    viewer: Person, author: Person, admin: Person, product: Any
) -> None:
    placed = place(viewer, product)
    query = "query($id: ID!) { order(id: $id) { id } }"
    for who in (viewer, admin):
        assert data(who.api, query, id=placed["id"])["order"] == {"id": placed["id"]}
    assert codes(send(author.api, query, id=placed["id"])) == [("NOT_FOUND", "order")]
    assert codes(send(author.api, CANCEL, id=placed["id"])) == [("NOT_FOUND", "cancelOrder")]


def test_nobody_places_or_lists_orders_without_signing_in(api: Any, product: Any) -> None:
    line = {"productId": product["id"], "quantity": 2}
    answer = send(api, PLACE, input={"lines": [line], "paymentMethod": "pm_card_visa"}, key="key")
    assert codes(answer) == [("UNAUTHENTICATED", "placeOrder")]
    assert codes(send(api, "{ orders { nodes { id } } }")) == [("UNAUTHENTICATED", "orders")]


def test_an_order_is_cancelled_once(viewer: Person, product: Any) -> None:
    placed = place(viewer, product)
    assert data(viewer.api, CANCEL, id=placed["id"])["cancelOrder"] == {"status": "cancelled"}
    assert codes(send(viewer.api, CANCEL, id=placed["id"])) == [("INVALID_TRANSITION", "cancelOrder")]


def test_pages_of_orders_follow_each_other_and_admins_see_all(
    viewer: Person, author: Person, admin: Person, product: Any
) -> None:
    own = [place(viewer, product, f"key-{number}")["id"] for number in range(3)]
    place(author, product)
    steps.reserve(own[0], CONTEXT)
    project()
    query = "query($after: String) { orders(first: 2, after: $after) { nodes { id status } nextCursor hasMore } }"
    first = data(viewer.api, query)["orders"]
    second = data(viewer.api, query, after=first["nextCursor"])["orders"]
    found = first["nodes"] + second["nodes"]
    assert [each["id"] for each in found] == own[::-1]
    assert [each["status"] for each in found] == ["pending", "pending", "reserved"]
    assert not second["hasMore"]
    assert len(data(admin.api, "{ orders { nodes { customer { username } } } }")["orders"]["nodes"]) == 4
    assert codes(send(author.api, query, after=first["nextCursor"])) == [("VALIDATION_ERROR", "orders")]
