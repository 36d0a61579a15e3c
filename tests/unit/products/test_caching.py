"""Cached lists of products: customers read them without queries, and nobody sees what is not for sale."""

from functools import partial
from typing import Any

import pytest

from lamina.access.policy import Role
from tests.roles.products import BODY
from tests.support.aws import Answer, Api
from tests.support.people import Person, Work, person

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def editor(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("editor", Role.EDITOR)


def create(who: Person, **fields: object) -> Any:
    answer = who.api.post("/v1/products", {**BODY, **fields})
    assert answer.status == 201, answer.body
    return answer.data


def skus(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [product["sku"] for product in answer.data]


def test_the_first_page_of_customers_takes_no_query_while_it_is_cached(editor: Person, work: Work) -> None:
    for number in range(3):
        create(editor, sku=f"s{number}")
    for who in (Api(), person("customer", Role.VIEWER).api):
        who.get("/v1/products?sort=sku&limit=2")
        page, cost = work.of(partial(who.get, "/v1/products?sort=sku&limit=2"))
        assert (skus(page), cost.get("Query", 0)) == (["s0", "s1"], 0)
        following, cost = work.of(partial(who.get, page.json["links"]["next"].partition("/live")[2]))
        assert (skus(following), cost["Query"]) == (["s2"], 4)
    _, cost = work.of(lambda: editor.api.get("/v1/products?sort=sku&limit=2"))
    assert cost["Query"] == 8, "both states"


def test_a_cached_page_has_the_present_products_and_none_that_is_not_for_sale(editor: Person) -> None:
    products = [create(editor, sku=f"s{number}") for number in range(2)]
    Api().get("/v1/products?sort=sku")
    path = f"/v1/products/{products[0]['id']}"
    assert editor.api.patch(path, {"price": {"amount": 7}}).status == 200
    assert editor.api.post(f"{path}/stock", {"change": 5, "reason": "more"}).status == 200
    shown = Api().get("/v1/products?sort=sku").data[0]
    assert (shown["price"]["amount"], shown["stock"]) == (7, products[0]["stock"] + 5)


def test_writers_see_their_writes_at_once_and_so_does_everybody_in_the_same_process(editor: Person) -> None:
    create(editor, sku="s0")
    Api().get("/v1/products?sort=sku")
    product = create(editor, sku="s1")
    assert skus(editor.api.get("/v1/products?sort=sku")) == skus(Api().get("/v1/products?sort=sku")) == ["s0", "s1"]
    assert editor.api.patch(f"/v1/products/{product['id']}", {"active": False}).status == 200
    assert skus(Api().get("/v1/products?sort=sku")) == ["s0"]
    assert skus(editor.api.get("/v1/products?sort=sku&active=true")) == ["s0"]
