"""The people, posts, products and orders of the demo are such as the API would accept."""

import pytest

from lamina import ids
from lamina.identity.accounts.schemas import NewUserInput
from lamina.orders.schemas import OrderInput
from lamina.posts.schemas import PostInput
from lamina.products.schemas import ProductInput
from local.seed.orders import ORDERS
from local.seed.people import DEMO, OTHERS, Person
from local.seed.posts import POSTS, DemoPost
from local.seed.products import PRODUCTS


@pytest.mark.parametrize("person", [*DEMO, *OTHERS], ids=lambda person: person.username)
def test_the_api_would_take(person: Person) -> None:
    taken = NewUserInput.model_validate(
        {
            "email": person.email,
            "username": person.username,
            "name": person.name,
            "role": person.role,
            "status": person.status,
            "age": person.age,
            "locale": person.locale,
        }
    )
    assert (taken.email, taken.username, taken.name) == (person.email, person.username, person.name)
    assert taken.locale == person.locale


def test_no_two_of_them_are_the_same() -> None:
    assert len({person.username for person in (*DEMO, *OTHERS)}) == len(DEMO) + len(OTHERS)


@pytest.mark.parametrize("post", POSTS, ids=lambda post: post.slug)
def test_the_api_would_accept_a_post(post: DemoPost) -> None:
    fields = {"title": post.title, "content": post.content, "slug": post.slug, "tags": list(post.tags)}
    accepted = PostInput.model_validate(fields)
    assert accepted.model_dump(include=set(fields)) == fields
    assert post.author in {person.username for person in (*DEMO, *OTHERS)}


def test_the_api_would_accept_the_products() -> None:
    for product in PRODUCTS:
        price = {"amount": product.cents, "currency": product.currency}
        fields = {"sku": product.sku, "name": product.name, "description": product.description, "price": price}
        accepted = ProductInput.model_validate({**fields, "stock": product.stock, "active": product.active})
        assert accepted.model_dump(include=set(fields)) == fields
    assert len({product.sku.lower() for product in PRODUCTS}) == len(PRODUCTS)


def test_the_api_would_accept_the_orders_and_each_can_be_told_from_the_others() -> None:
    products = {product.sku: product for product in PRODUCTS}
    people = {person.username: person for person in (*DEMO, *OTHERS)}
    for order in ORDERS:
        lines = [{"product_id": ids.new_id(), "quantity": number} for number in order.pieces.values()]
        OrderInput.model_validate({"lines": lines, "payment_method": order.method})
        assert people[order.customer].status == "active"
        assert all(products[sku].active for sku in order.pieces)
    assert len({order.name for order in ORDERS}) == len(ORDERS)
    assert len({(order.customer, frozenset(order.pieces.items())) for order in ORDERS}) == len(ORDERS)
