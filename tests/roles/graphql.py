"""GraphQL, for the tests that cover every function."""

import json
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from lamina.access.policy import Role
from lamina.orders import projecting
from lamina.posts import latest
from lamina.posts.indexing import update
from lamina.posts.search import statistics
from lamina.storage import list_cursors
from tests.roles.orders import body as order_body
from tests.roles.orders import key as new_key
from tests.roles.process import Scenario
from tests.roles.products import BODY as PRODUCT
from tests.support.aws import PASSWORD, Api, signed_in

POST_FIELDS = "id slug version author { username } content contentHtml"


def send(api: Api, query: str, **variables: Any) -> Any:
    answer = api.post("/graphql", {"query": query, "variables": variables})
    assert answer.status == 200, answer.body
    assert "errors" not in answer.json, answer.body
    return answer.json["data"]


def execute() -> None:
    admin, _ = signed_in("admin", Role.ADMIN)
    follow(admin)
    send(signed_in("customer", Role.VIEWER)[0], OWN_ORDERS)
    persisted = {"version": 1, "sha256Hash": sha256(b"{ me { id } }").hexdigest()}
    body = {"query": "{ me { id } }", "extensions": {"persistedQuery": persisted}}
    for _ in range(2):
        assert admin.post("/graphql", body).json["data"]["me"]


def follow(admin: Api) -> None:
    """Take a client of documents down every path."""
    _users(admin)
    _posts(admin)
    _products(admin)
    _orders(admin)


def _users(admin: Api) -> None:
    create = "mutation($input: CreateUserInput!) { createUser(input: $input) { id } }"
    new = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
    ada = send(admin, create, input=new)["createUser"]["id"]
    change = "mutation($id: ID!, $input: UpdateUserInput!) { updateUser(id: $id, input: $input) { name } }"
    for fields in ({"name": "Ada Ada"}, {"username": "lovelace"}, {"email": "a@example.org", "emailVerified": True}):
        send(admin, change, id=ada, input=fields)
    send(admin, "query($id: ID!) { me { email } user(id: $id) { username email } }", id=ada)
    several = send(admin, "{ users(limit: 100) { email posts(limit: 3) { title } orders(limit: 3) { id } } }")["users"]
    assert {each["email"]: each["posts"] for each in several}["a@example.org"] == []
    send(admin, '{ users(limit: 100) { email } found: users(search: "love") { username } }')


def _posts(admin: Api) -> None:
    create = f"mutation($input: CreatePostInput!) {{ createPost(input: $input) {{ {POST_FIELDS} }} }}"
    body = {"title": "Hello, world", "content": "Mine.", "tags": ["news"], "published": True}
    first = send(admin, create, input=body)["createPost"]
    second = send(admin, create, input=body)["createPost"]
    change = "mutation($id: ID!, $input: UpdatePostInput!) { updatePost(id: $id, input: $input) { id } }"
    send(admin, change, id=first["id"], input={"slug": "first", "tags": ["a", "b"], "content": "Changed."})
    send(admin, "mutation($id: ID!) { unpublishPost(id: $id) { id } }", id=first["id"])
    send(admin, "mutation($id: ID!) { publishPost(id: $id) { id } }", id=first["id"])
    send(admin, f"query($slug: String) {{ post(slug: $slug) {{ {POST_FIELDS} }} }}", slug=first["slug"])
    send(admin, f"{{ posts {{ {POST_FIELDS} }} }}")
    list_cursors._secrets.clear_cache()  # type: ignore[no-untyped-call]  # Powertools leaves it so
    page = send(admin, "{ postsPage(first: 1) { nextCursor hasMore } }")["postsPage"]
    send(
        admin, "query($after: String) { postsPage(first: 1, after: $after) { nodes { id } } }", after=page["nextCursor"]
    )
    statistics._kept.statistics = None
    update(second["id"])
    assert send(admin, '{ postsPage(search: "hel") { nodes { id } } }')["postsPage"]["nodes"]
    send(
        admin, "query($author: ID) { posts(authorId: $author) { id } }", author=send(admin, "{ me { id } }")["me"]["id"]
    )
    assert send(admin, "mutation($id: ID!) { deletePost(id: $id) }", id=first["id"])["deletePost"] is True


def _products(admin: Api) -> None:
    created = [admin.post("/v1/products", {**PRODUCT, "sku": sku}).data["id"] for sku in ("mug-1", "mug-2")]
    for arguments in (f'id: "{created[0]}"', 'sku: "MUG-1"'):
        assert send(admin, f"{{ product({arguments}) {{ stock }} }}")["product"]
    list_cursors._secrets.clear_cache()  # type: ignore[no-untyped-call]  # Powertools leaves it so
    page = send(admin, "{ products(first: 1) { nodes { sku } nextCursor } }")["products"]
    after = {"after": page["nextCursor"]}
    send(admin, "query($after: String) { products(first: 1, after: $after) { nodes { sku } } }", **after)
    assert send(admin, '{ products(search: "mug") { nodes { price { amount } } } }')["products"]["nodes"]


def _orders(admin: Api) -> None:
    product = admin.post("/v1/products", {**PRODUCT, "sku": "mug-3"}).data["id"]
    place = """mutation($input: PlaceOrderInput!, $key: String!) {
      placeOrder(input: $input, idempotencyKey: $key) { id customer { name } lines { product { stock } } } }"""
    body = {"lines": [{"productId": product, "quantity": 1}], "paymentMethod": "pm_card_visa"}
    ids = [send(admin, place, input=body, key=key)["placeOrder"]["id"] for key in ("a", "a", "b")]
    assert ids[0] == ids[1]
    send(admin, "query($id: ID!) { order(id: $id) { status } }", id=ids[0])
    for order_id in ids:
        projecting.project(order_id)
    list_cursors._secrets.clear_cache()  # type: ignore[no-untyped-call]  # Powertools leaves it so
    page = send(admin, "{ orders(first: 1) { nodes { number } nextCursor } }")["orders"]
    send(admin, "query($after: String) { orders(first: 1, after: $after) { nodes { id } } }", after=page["nextCursor"])
    send(admin, "mutation($id: ID!) { cancelOrder(id: $id) { status } }", id=ids[0])


OWN_ORDERS = "{ orders { nodes { id } } me { orders { id } } }"
"""Callers who do not manage users have a list of their own."""


def query() -> None:
    """What GET reads; it changes nothing."""
    viewer, _ = signed_in("viewer", Role.VIEWER)
    assert viewer.get(f"/graphql?{urlencode({'query': OWN_ORDERS})}").status == 200
    admin, user = signed_in("admin", Role.ADMIN)
    document = "query($id: ID!) { user(id: $id) { name } users(limit: 9) { posts { id } orders { id } } }"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(document.encode()).hexdigest()}}
    new = {"title": "Hello, world", "content": "Mine.", "tags": ["news"], "published": True}
    admin.post("/v1/posts", new)
    created = admin.post("/v1/posts", new)
    body = {"query": document, "extensions": extensions, "variables": {"id": user.id}}
    assert "errors" not in admin.post("/graphql", body).json
    product, _ = (admin.post("/v1/products", {**PRODUCT, "sku": sku}).data["id"] for sku in ("MUG-RED", "MUG-BLUE"))
    order = viewer.post("/v1/orders", order_body(product), headers=new_key())
    projecting.project(order.data["id"])
    latest.refresh(user.id)
    update(created.data["id"])
    for parameters in (
        {"extensions": json.dumps(extensions), "variables": json.dumps({"id": user.id})},
        {"query": '{ users(search: "adm") { email } post(slug: "hello-world") { content contentHtml } }'},
        {"query": '{ postsPage(first: 1) { nextCursor nodes { author { name } } } posts(tag: "news") { id } }'},
        {"query": "{ me { posts { title } } }"},
        {"query": '{ product(sku: "MUG-RED") { stock } products(first: 1) { nextCursor } }'},
        {"query": '{ products(search: "mug") { nodes { sku } } }'},
        {"query": '{ postsPage(search: "hel") { nodes { id } } }'},
        {"query": "{ orders(first: 1) { nodes { lines { sku } } nextCursor } }"},
        {"query": "query($id: ID!) { order(id: $id) { total { amount } } }", "variables": json.dumps(order.data)},
    ):
        list_cursors._secrets.clear_cache()  # type: ignore[no-untyped-call]  # Powertools leaves it so
        statistics._kept.statistics = None
        answer = admin.get(f"/graphql?{urlencode(parameters)}")
        assert answer.status == 200, answer.body
        assert "errors" not in answer.json, answer.body


NOBODYS = {"persisted_document"}
SCENARIOS: dict[str, Scenario] = {"graphql/execute": execute, "graphql/query": query}
