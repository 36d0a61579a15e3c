"""Products on the running stack: offered by an editor, seen by everybody, counted once."""

from http import HTTPStatus
from uuid import uuid4

import pytest

from tests.e2e.client import Client
from tests.e2e.conftest import SEED_PASSWORD

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture
def editor(anyone: Client, seeded: str) -> Client:
    assert seeded
    return anyone.signed_in("editor@lamina.test", SEED_PASSWORD)


def test_a_product_is_offered_found_counted_and_retired(anyone: Client, editor: Client, admin: Client) -> None:
    sku = f"SKU-{uuid4().hex[:12]}"
    body = {"sku": sku, "name": f"Thing {sku}", "price": {"amount": 250, "currency": "EUR"}, "stock": 3}
    product = editor.post("/v1/products", body).data
    path = f"/v1/products/{product['id']}"
    assert anyone.get(path).data == product
    assert anyone.call("HEAD", path).status == HTTPStatus.OK
    assert [each["id"] for each in anyone.get(f"/v1/products?search={sku.lower()}").data] == [product["id"]]
    key = {"Idempotency-Key": uuid4().hex}
    change = {"change": -2, "reason": "Counted"}
    for _ in range(2):
        assert editor.post(f"{path}/stock", change, headers=key).data["stock"] == 1
    assert editor.post(f"{path}/stock", change).error["code"] == "OUT_OF_STOCK"
    assert editor.patch(path, {"price": {"amount": 199}}).data["price"] == {"amount": 199, "currency": "EUR"}
    assert admin.delete(path).status == HTTPStatus.NO_CONTENT
    assert anyone.get(path).status == HTTPStatus.NOT_FOUND
    assert editor.get(path).data["active"] is False


def test_the_demo_has_products_on_and_off_sale(anyone: Client, editor: Client) -> None:
    assert len(anyone.get("/v1/products?limit=100&sort=name").data) >= 29
    assert "MUG-2025" in {each["sku"] for each in editor.get("/v1/products?active=false&search=mug-2025").data}
