"""Products in GraphQL: as in REST, for everybody and for writers."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.roles.products import BODY
from tests.support.aws import Api
from tests.support.graphql import codes, data, send
from tests.support.people import Person

FIELDS = "id sku name description price { amount currency } stock active version createdAt updatedAt"


def offer(who: Person, **fields: object) -> Any:
    answer = who.api.post("/v1/products", {**BODY, **fields})
    assert answer.status == 201, answer.body
    return answer.data


def test_a_product_is_read_by_its_id_and_its_sku_as_in_rest(admin: Person, api: Api) -> None:
    offered = offer(admin)
    expected = {name: value for name, value in offered.items() if not name.endswith("_at")}
    expected |= {"createdAt": offered["created_at"], "updatedAt": offered["updated_at"]}
    for arguments in (f'id: "{offered["id"]}"', 'sku: "MUG-RED"', 'sku: "mug-red"'):
        assert data(api, f"{{ product({arguments}) {{ {FIELDS} }} }}")["product"] == expected


def test_what_is_not_for_sale_is_shown_to_writers_only(admin: Person, api: Api) -> None:
    offer(admin, active=False)
    query = '{ product(sku: "MUG-RED") { sku } }'
    assert codes(send(api, query)) == [("NOT_FOUND", "product")]
    assert data(admin.api, query)["product"] == {"sku": "MUG-RED"}
    listed = "{ products { nodes { sku } } off: products(active: false) { nodes { sku } } }"
    assert data(api, listed) == {"products": {"nodes": []}, "off": {"nodes": []}}
    assert data(admin.api, listed) == {
        "products": {"nodes": [{"sku": "MUG-RED"}]},
        "off": {"nodes": [{"sku": "MUG-RED"}]},
    }


def test_pages_follow_each_other_and_searches_find_words(admin: Person, api: Api) -> None:
    for number in range(5):
        offer(admin, sku=f"MUG-{number}", name=("Blue mug", "Lamp")[number % 2])
    query = "query($after: String) { products(first: 2, after: $after) { nodes { sku } nextCursor hasMore } }"
    found, after = [], None
    while True:
        page = data(api, query, after=after)["products"]
        found += [node["sku"] for node in page["nodes"]]
        after = page["nextCursor"]
        if not page["hasMore"]:
            break
    assert found == [f"MUG-{number}" for number in range(5)][::-1]
    assert len(data(api, '{ products(search: "lam") { nodes { sku } } }')["products"]["nodes"]) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("{ product { sku } }", "id"),
        ('{ product(id: "1", sku: "a") { sku } }', "id"),
        ('{ product(id: "1") { sku } }', "id"),
        ('{ product(sku: "") { sku } }', "sku"),
        ("{ products(first: 101) { hasMore } }", "first"),
        ('{ products(after: "x") { hasMore } }', "after"),
        ('{ products(search: "-") { hasMore } }', "search"),
    ],
)
def test_invalid_arguments_are_named(api: Api, query: str, field: str) -> None:
    (error,) = send(api, query).json["errors"]
    assert error["extensions"]["code"] == "VALIDATION_ERROR"
    assert [each["field"].removeprefix("input.") for each in error["extensions"]["details"]] == [field]


def test_a_shared_cache_does_not_keep_the_stock(admin: Person, api: Api) -> None:
    offer(admin)
    for query in ('{ product(sku: "MUG-RED") { stock } }', "{ products { nodes { stock } } }"):
        answer = api.get(f"/graphql?{urlencode({'query': query})}")
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "private, no-cache")
