"""The people, posts and products of the demo are such as the API would accept."""

import pytest

from lamina.identity.accounts.schemas import NewUserInput
from lamina.posts.schemas import PostInput
from lamina.products.schemas import ProductInput
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
