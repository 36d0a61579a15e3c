"""`User.orders`: what `GET /v1/users/{id}/orders` lists, of one user and of many, for it and for admins."""

from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.orders import steps
from lamina.orders.projecting import project
from lamina.products.model import Product
from tests.support.aws import Api, make_user
from tests.support.callers import acting
from tests.support.graphql import codes, data, send
from tests.support.people import Person, verified
from tests.unit.orders.orders import CONTEXT, create_product, place

OWN = "{ me { orders(limit: 20) { id status customer { username } } } }"
ONE = "query($id: ID!) { user(id: $id) { name orders { id } } }"
TWO = "query($id: ID!, $other: ID!) { user(id: $id) { orders { id } } other: user(id: $other) { orders { id } } }"
SEVERAL = "{ users(limit: 20) { username orders(limit: 5) { id status } } }"


@pytest.fixture
def mug(aws: None) -> Product:  # noqa: ARG001 (a fixture that must be there)
    return create_product(acting(make_user("editor", Role.EDITOR)), "MUG", stock=1000)


@pytest.fixture
def ordered(viewer: Person, mug: Product) -> list[str]:
    """The viewer's orders, newest first."""
    orders = [place(acting(viewer.user), (mug, number)).id for number in (1, 2, 3)]
    steps.reserve(orders[0], CONTEXT)
    for order_id in orders:
        project(order_id)
    return orders[::-1]


def ids_of(found: Any) -> list[str]:
    return [each["id"] for each in found]


def test_of_one_and_of_several_users_it_shows_what_their_list_shows(
    viewer: Person, admin: Person, ordered: list[str]
) -> None:
    verified(viewer.user)
    assert [each["id"] for each in viewer.api.get(f"/v1/users/{viewer.id}/orders").data] == ordered
    own = data(viewer.api, OWN)["me"]["orders"]
    assert ids_of(own) == ordered
    assert [each["status"] for each in own] == ["pending", "pending", "reserved"]
    assert {each["customer"]["username"] for each in own} == {viewer.user.username}
    for document in (ONE, TWO):
        assert ids_of(data(admin.api, document, id=viewer.id, other=admin.id)["user"]["orders"]) == ordered
    of = {each["username"]: each["orders"] for each in data(admin.api, SEVERAL)["users"]}
    assert ids_of(of["viewer"]) == ordered
    assert of["admin"] == []


def test_others_do_not_see_them_and_see_the_fields_beside_them(
    viewer: Person, author: Person, ordered: list[str]
) -> None:
    verified(viewer.user)
    verified(author.user)
    answer = send(author.api, ONE, id=viewer.id)
    assert answer.json["data"]["user"] == {"name": viewer.user.name, "orders": None}
    assert codes(answer) == [("FORBIDDEN", "user.orders")]
    two = send(viewer.api, TWO, id=viewer.id, other=author.id)
    assert (ids_of(two.json["data"]["user"]["orders"]), two.json["data"]["other"]["orders"]) == (ordered, None)
    assert codes(two) == [("FORBIDDEN", "other.orders")]


def test_those_who_are_not_signed_in_see_none(author: Person, api: Api) -> None:
    author.api.post("/v1/posts", {"title": "Hello", "content": "Words", "published": True})
    answer = send(api, "{ posts { author { name orders { id } } } }")
    assert answer.json["data"]["posts"] == [{"author": {"name": author.user.name, "orders": None}}]
    assert codes(answer) == [("UNAUTHENTICATED", "posts.0.author.orders")]


def test_an_order_that_the_lists_do_not_show_yet_is_left_out(viewer: Person, admin: Person, mug: Product) -> None:
    order = place(acting(viewer.user), (mug, 1))
    for document in (ONE, TWO):
        assert data(admin.api, document, id=viewer.id, other=admin.id)["user"]["orders"] == []
    project(order.id)
    assert ids_of(data(admin.api, TWO, id=viewer.id, other=admin.id)["user"]["orders"]) == [order.id]


def test_a_limit_beyond_20_is_refused_and_counted(admin: Person) -> None:
    assert codes(send(admin.api, "{ me { orders(limit: 21) { id } } }")) == [("VALIDATION_ERROR", "me.orders")]
    assert codes(send(admin.api, "{ users(limit: 100) { orders(limit: 10) { id } } }")) == [("LIMIT_EXCEEDED", "")]
