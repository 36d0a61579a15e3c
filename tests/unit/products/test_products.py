"""Products over the API: what is written is read, who may see and change what, stock, lists and searches."""

import random
from typing import Any

import pytest

from lamina.access.policy import Role
from lamina.events.outbox import OutboxItem
from lamina.money import MAX_AMOUNT
from lamina.products.items import ProductEntryItem, StockChangeItem, StockItem, stock_key
from lamina.products.model import MAX_STOCK
from lamina.products.search_terms import MAX_WORDS
from lamina.storage import transactions
from lamina.storage.item import connect
from lamina.storage.transactions import ConditionFailed
from lamina.storage.transport import Call
from lamina.users import service as users
from tests.roles.products import BODY
from tests.support import calls
from tests.support.aws import Answer, Api
from tests.support.people import CONTEXT, Person, person

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def editor(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("editor", Role.EDITOR)


@pytest.fixture
def admin(aws: None) -> Person:  # noqa: ARG001 (a fixture that must be there)
    return person("admin", Role.ADMIN)


def create(who: Person, **fields: object) -> Any:
    answer = who.api.post("/v1/products", {**BODY, **fields})
    assert answer.status == 201, answer.body
    return answer.data


def path(product: Any) -> str:
    return f"/v1/products/{product['id']}"


def change_stock(who: Person, product: Any, change: int, **how: Any) -> Answer:
    return who.api.post(f"{path(product)}/stock", {"change": change, "reason": "Delivery 4711"}, **how)


def events_of(product: Any) -> list[tuple[str, Any]]:
    """The events of a product, oldest first: type and data."""
    found = OutboxItem.query(f"PRODUCT#{product['id']}", OutboxItem.sk.startswith("EVENT#"))
    return [(item.event_type, item.data) for item in found]


def ledger(product: Any) -> list[int]:
    """The changes in the stock ledger, oldest first."""
    found = StockChangeItem.query(f"PRODUCT#{product['id']}", StockChangeItem.sk.startswith("STOCK_CHANGE#"))
    return [int(item.change) for item in found]


def skus(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [product["sku"] for product in answer.data]


def problems(answer: Answer) -> set[str]:
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR"), answer.body
    return {problem["field"] for problem in answer.error["details"]}


def test_what_is_created_is_returned_at_its_location_to_everybody(editor: Person) -> None:
    answer = editor.api.post("/v1/products", BODY)
    assert (answer.status, answer.data["version"], answer.data["active"]) == (201, 1, True)
    assert answer.data.items() >= BODY.items()
    assert answer.headers["Location"].endswith(path(answer.data))
    for reader in (Api(), person("viewer").api, editor.api):
        read = reader.get(path(answer.data))
        assert (read.data, read.headers["ETag"]) == (answer.data, answer.headers["ETag"])
        assert read.headers["Cache-Control"] == "private, no-cache"
        assert reader.get(path(answer.data), headers={"If-None-Match": read.headers["ETag"]}).status == 304


def test_a_product_needs_a_sku_a_name_and_a_price_only(editor: Person) -> None:
    product = create(editor, sku="0.a_B-c", description="", stock=0)
    assert (product["description"], product["stock"]) == ("", 0)
    answer = editor.api.post("/v1/products", {"sku": "b", "name": "B", "price": {"amount": 0, "currency": "JPY"}})
    assert (answer.status, answer.data["stock"], answer.data["active"]) == (201, 0, True)
    assert problems(editor.api.post("/v1/products", {})) == {"sku", "name", "price"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sku": "with space"}, "sku"),
        ({"sku": "-a"}, "sku"),
        ({"sku": "a" * 65}, "sku"),
        ({"name": " "}, "name"),
        ({"name": "a" * 201}, "name"),
        ({"description": " \n"}, "description"),
        ({"description": "a" * 2001}, "description"),
        ({"price": 5}, "price"),
        ({"price": {"amount": 1}}, "price.currency"),
        ({"price": {"amount": -1, "currency": "EUR"}}, "price.amount"),
        ({"price": {"amount": 1.5, "currency": "EUR"}}, "price.amount"),
        ({"price": {"amount": "1", "currency": "EUR"}}, "price.amount"),
        ({"price": {"amount": True, "currency": "EUR"}}, "price.amount"),
        ({"price": {"amount": MAX_AMOUNT + 1, "currency": "EUR"}}, "price.amount"),
        ({"price": {"amount": 1, "currency": "eur"}}, "price.currency"),
        ({"price": {"amount": 1, "currency": "ABC"}}, "price.currency"),
        ({"price": {"amount": 1, "currency": "XAU"}}, "price.currency"),
        ({"price": {"amount": 1, "currency": "EUR", "tax": 1}}, "price.tax"),
        ({"stock": -1}, "stock"),
        ({"stock": MAX_STOCK + 1}, "stock"),
        ({"active": "true"}, "active"),
        ({"version": 1}, "version"),
    ],
)
def test_invalid_fields_are_named(editor: Person, fields: dict[str, object], expected: str) -> None:
    assert problems(editor.api.post("/v1/products", {**BODY, **fields})) == {expected}


def test_a_sku_is_unique_without_regard_to_case_and_kept_by_deleted_products(editor: Person, admin: Person) -> None:
    product = create(editor)
    admin.api.delete(path(product))
    answer = editor.api.post("/v1/products", {**BODY, "sku": BODY["sku"].lower()})  # type: ignore[attr-defined]
    assert (answer.status, answer.error["code"]) == (409, "SKU_TAKEN")


def test_a_retried_request_creates_one_product(editor: Person) -> None:
    key = {"Idempotency-Key": "1"}
    first, second = (editor.api.post("/v1/products", BODY, headers=key) for _ in range(2))
    assert (first.json, second.headers["Idempotent-Replayed"]) == (second.json, "true")
    assert editor.api.post("/v1/products", {**BODY, "stock": 6}, headers=key).error["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_viewers_write_nothing_and_only_admins_delete(editor: Person, admin: Person) -> None:
    product = create(editor)
    for reader, status in ((person("viewer").api, 403), (Api(), 401)):
        assert reader.post("/v1/products", BODY).status == status
        assert reader.patch(path(product), {"name": "Changed"}).status == status
        assert reader.post(f"{path(product)}/stock", {"change": 1, "reason": "Found"}).status == status
        assert reader.delete(path(product)).status == status
    assert editor.api.delete(path(product)).status == 403
    assert admin.api.delete(path(product)).status == 204


def test_what_is_not_for_sale_is_found_by_writers_only(editor: Person, admin: Person) -> None:
    product = create(editor, active=False)
    for reader in (Api(), person("viewer").api):
        assert reader.get(path(product)).status == 404
        for query in ("", "?active=false", "?search=mug"):
            assert skus(reader.get(f"/v1/products{query}")) == []
    for reader in (editor.api, admin.api):
        assert reader.get(path(product)).data == product
        for query in ("", "?active=false", "?search=mug"):
            assert skus(reader.get(f"/v1/products{query}")) == ["MUG-RED"]
        assert skus(reader.get("/v1/products?active=true")) == []


def test_a_patch_merges_the_price_and_raises_the_version(editor: Person) -> None:
    product = create(editor)
    answer = editor.api.patch(path(product), {"price": {"amount": 1599}, "name": "Blue mug"})
    assert answer.status == 200, answer.body
    assert answer.data["price"] == {"amount": 1599, "currency": "EUR"}
    assert (answer.data["name"], answer.data["version"], answer.data["stock"]) == ("Blue mug", 2, 5)
    assert editor.api.get(path(product)).data == answer.data
    facts = {"id": product["id"], "sku": "MUG-RED", "active": True}
    assert events_of(product) == [
        ("product.created", facts),
        ("product.updated", {**facts, "changed": ["name", "price"]}),
    ]


def test_a_patch_without_a_difference_changes_nothing(editor: Person) -> None:
    product = create(editor)
    same = {name: product[name] for name in ("name", "description", "price", "active")}
    without_a_difference: list[dict[str, object]] = [same, {}, {"price": {}}]
    for changes in without_a_difference:
        assert editor.api.patch(path(product), changes).data == product
    assert len(events_of(product)) == 1


def test_sku_and_stock_cannot_be_patched(editor: Person) -> None:
    product = create(editor)
    assert problems(editor.api.patch(path(product), {"sku": "b", "stock": 9})) == {"sku", "stock"}
    empty: list[dict[str, object]] = [{"price": None}, {"price": {"amount": None}}, {"name": ""}, {"active": None}]
    for changes in empty:
        assert editor.api.patch(path(product), changes).status == 400


def test_a_stale_version_is_refused_and_sales_do_not_make_it_stale(editor: Person, admin: Person) -> None:
    product = create(editor)
    first = editor.api.get(path(product)).headers["ETag"]
    change_stock(editor, product, 1)
    assert editor.api.get(path(product), headers={"If-None-Match": first}).status == 200
    assert editor.api.patch(path(product), {"name": "A"}, headers={"If-Match": first}).status == 200
    for request in (
        editor.api.patch(path(product), {"name": "B"}, headers={"If-Match": first}),
        admin.api.delete(path(product), headers={"If-Match": first}),
        change_stock(editor, product, 1, headers={"If-Match": first}),
    ):
        assert (request.status, request.error["code"]) == (412, "PRECONDITION_FAILED")


def test_a_deleted_product_is_off_sale_until_it_is_activated(editor: Person, admin: Person) -> None:
    product = create(editor)
    for _ in range(2):
        assert admin.api.delete(path(product)).status == 204
    assert Api().get(path(product)).status == 404
    assert editor.api.patch(path(product), {"active": True}).data["version"] == 3
    assert Api().get(path(product)).status == 200
    assert [name for name, _ in events_of(product)] == ["product.created", "product.deleted", "product.updated"]


def test_a_product_that_does_not_exist_is_not_found(admin: Person) -> None:
    target = "/v1/products/0190a3f0-0000-7000-8000-000000000000"
    answers = [
        admin.api.get(target),
        admin.api.patch(target, {"name": "A"}),
        admin.api.delete(target),
        admin.api.post(f"{target}/stock", {"change": 1, "reason": "Found"}),
    ]
    assert {(answer.status, answer.error["code"]) for answer in answers} == {(404, "NOT_FOUND")}


def test_stock_is_changed_by_counting_and_never_falls_below_zero(editor: Person) -> None:
    product = create(editor)
    assert change_stock(editor, product, 3).data["stock"] == 8
    assert change_stock(editor, product, -8).data["stock"] == 0
    answer = change_stock(editor, product, -1)
    assert (answer.status, answer.error["code"]) == (422, "OUT_OF_STOCK")
    assert editor.api.get(path(product)).data == {**product, "stock": 0}
    assert ledger(product) == [5, 3, -8]
    name, facts = events_of(product)[-1]
    assert (name, facts["change"], facts["sku"]) == ("product.stock_changed", -8, "MUG-RED")


def test_stock_has_a_maximum(editor: Person) -> None:
    product = create(editor)
    answer = change_stock(editor, product, MAX_STOCK - 4)
    assert (answer.status, answer.error["code"]) == (422, "STOCK_TOO_LARGE")
    assert change_stock(editor, product, MAX_STOCK - 5).data["stock"] == MAX_STOCK


@pytest.mark.parametrize("body", [{"change": 0}, {"change": 1.5}, {"change": "1"}, {"change": 1, "reason": ""}])
def test_a_change_of_stock_is_a_number_with_a_reason(editor: Person, body: dict[str, object]) -> None:
    product = create(editor)
    answer = editor.api.post(f"{path(product)}/stock", {"reason": "Found", **body})
    assert len(problems(answer)) == 1
    assert problems(editor.api.post(f"{path(product)}/stock", {})) == {"change", "reason"}


def test_a_retried_change_of_stock_is_made_once(editor: Person) -> None:
    product = create(editor)
    key = {"Idempotency-Key": "1"}
    first, second = (change_stock(editor, product, -2, headers=key) for _ in range(2))
    assert (first.json, second.headers["Idempotent-Replayed"]) == (second.json, "true")
    assert editor.api.get(path(product)).data["stock"] == 3
    assert ledger(product) == [5, -2]


@pytest.mark.parametrize("act", ["create", "update", "change stock"])
def test_a_credential_that_is_revoked_meanwhile_writes_nothing(
    editor: Person, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    product = create(editor)
    write = transactions.write

    def overtaken(**how: Any) -> None:
        monkeypatch.setattr(transactions, "write", write)
        with calls.by_nobody():
            users.update(editor.id, {"role": Role.VIEWER}, CONTEXT, if_version=lambda _: True)
        write(**how)

    monkeypatch.setattr(transactions, "write", overtaken)
    requests = {
        "create": lambda: editor.api.post("/v1/products", {**BODY, "sku": "another"}),
        "update": lambda: editor.api.patch(path(product), {"name": "Changed"}),
        "change stock": lambda: change_stock(editor, product, 1),
    }
    assert requests[act]().status == 401
    assert Api().get("/v1/products").data == [product]


def test_a_change_that_is_always_overtaken_is_a_conflict(
    editor: Person, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = create(editor)

    def refuse(**_: object) -> None:
        raise ConditionFailed({})

    monkeypatch.setattr(transactions, "write", refuse)
    answers = [editor.api.patch(path(product), {"name": "Changed"}), admin.api.delete(path(product))]
    assert [(answer.status, answer.error["code"]) for answer in answers] == [(409, "CONFLICT")] * 2


NAMES = ["Ärmel", "apple", "Zebra", "Öl", "banana", "Éclair", "ñandú", "Apfel", "zzz", "Ber-g"]


def test_lists_are_sorted_by_time_name_and_sku_in_both_directions(editor: Person) -> None:
    RANDOM = random.Random(3)  # noqa: S311, N806 (nothing secret)
    made = [create(editor, name=name, sku=f"{RANDOM.choice('abAB')}{number}") for number, name in enumerate(NAMES)]
    orders = {
        "created_at": [product["sku"] for product in made],
        "sku": sorted((product["sku"] for product in made), key=str.lower),
        "name": [
            next(product["sku"] for product in made if product["name"] == name)
            for name in ["Apfel", "apple", "Ärmel", "banana", "Ber-g", "Éclair", "ñandú", "Öl", "Zebra", "zzz"]
        ],
    }
    for sort, expected in orders.items():
        assert all_pages(f"/v1/products?limit=3&sort={sort}") == expected
        assert all_pages(f"/v1/products?limit=3&sort=-{sort}") == expected[::-1]
    assert skus(Api().get("/v1/products?limit=4&page=2&sort=sku")) == orders["sku"][4:8]
    assert skus(Api().get("/v1/products")) == orders["created_at"][::-1]


def all_pages(target: str) -> list[str]:
    found: list[str] = []
    while target:
        page = Api().get(target)
        found += skus(page)
        target = page.json["links"].get("next", "").removeprefix("/live")
    return found


def test_lists_and_searches_follow_every_change(editor: Person) -> None:
    product = create(editor, name="Old teapot")
    create(editor, sku="other", name="Lamp")
    editor.api.patch(path(product), {"name": "Abacus"})
    assert skus(Api().get("/v1/products?sort=name")) == ["MUG-RED", "other"]
    assert skus(Api().get("/v1/products?search=teapot")) == []
    assert skus(Api().get("/v1/products?search=abac")) == ["MUG-RED"]
    editor.api.patch(path(product), {"active": False, "name": "Zither"})
    for query in ("sort=name", "sort=sku", "sort=created_at"):
        assert skus(Api().get(f"/v1/products?{query}")) == ["other"]
        assert skus(editor.api.get(f"/v1/products?active=false&{query}")) == ["MUG-RED"]
    editor.api.patch(path(product), {"active": True})
    assert skus(Api().get("/v1/products?sort=name")) == ["other", "MUG-RED"]
    assert skus(Api().get("/v1/products?search=zither")) == ["MUG-RED"]


def test_writers_see_lists_as_last_written_and_customers_read_them_at_half_the_units(
    editor: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = create(editor)
    made: list[Call] = []
    monkeypatch.setattr(connect().client, "before", [made.append])
    for target in ("/v1/products", "/v1/products?search=mug"):
        for api, consistent in ((editor.api, True), (Api(), False)):
            made.clear()
            assert skus(api.get(target)) == [product["sku"]]
            asked = [read for call in made if call.operation == "BatchGetItem" for read in products_asked(call)]
            assert asked == [consistent], target


def products_asked(call: Call) -> list[bool]:
    """Whether a call reads products, and whether it does consistently."""
    (asked,) = call.params["RequestItems"].values()
    is_product = any(key["sk"]["S"] == "STOCK" for key in asked["Keys"])
    return [asked.get("ConsistentRead", False)] if is_product else []


@pytest.mark.parametrize(
    ("search", "found"),
    [("mug", ["a-1", "b-2"]), ("MÚG gro", ["b-2"]), ("a-1", ["a-1"]), ("1", ["a-1"]), ("b", ["a-1", "b-2"]), ("x", [])],
)
def test_a_search_finds_beginnings_of_words_in_sku_and_name(editor: Person, search: str, found: list[str]) -> None:
    create(editor, sku="a-1", name="Blue mug")
    create(editor, sku="b-2", name="Großer Mug")
    assert sorted(skus(Api().get(f"/v1/products?search={search.replace(' ', '+')}"))) == found


@pytest.mark.parametrize(
    ("query", "field"), [("search=-", "search"), ("search=a&sort=name", "sort"), ("search=a&page=1", "page")]
)
def test_parameters_that_no_index_supports_are_named(api: Api, query: str, field: str) -> None:
    assert problems(api.get(f"/v1/products?{query}")) == {field}
    assert problems(api.get("/v1/products?sort=price")) == {"sort"}


def test_a_cursor_of_the_writers_list_is_refused_in_the_readers_list(editor: Person) -> None:
    for number in range(3):
        create(editor, sku=f"s{number}", active=number > 0)
    cursor = editor.api.get("/v1/products?limit=1").json["meta"]["next_cursor"]
    assert problems(Api().get(f"/v1/products?limit=1&cursor={cursor}")) == {"cursor"}


def test_the_longest_names_fit_into_one_transaction(editor: Person) -> None:
    words = [" ".join(f"{letter}{number}" for number in range(50)) for letter in "ab"]
    product = create(editor, name=words[0], sku=".".join(["a"] * 30), description="é" * 2000)
    answer = editor.api.patch(path(product), {"name": words[1], "active": False, "description": ""})
    assert answer.status == 200, answer.body
    entries = [item for item in ProductEntryItem.scan() if item.sk.endswith(product["id"])]
    assert len(entries) <= MAX_WORDS


def test_the_stock_of_a_product_adds_up(editor: Person) -> None:
    product = create(editor)
    change_stock(editor, product, -2)
    stock = StockItem.get(*stock_key(product["id"]))
    assert (stock.available, stock.reserved, stock.sold, stock.received) == (3, 0, 0, 3)
