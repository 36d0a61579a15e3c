"""No query runs N+1: the number of table calls depends on what is selected, and not on how many rows there are."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_list_type

from lamina import ids
from lamina.graphql.execution import SCHEMA
from lamina.orders import latest as latest_orders
from lamina.orders.entries import entry_item
from lamina.orders.events import Placed, fold
from lamina.posts import latest, repository
from lamina.posts.model import State, Visibility
from lamina.storage import transactions
from tests.roles.posts import stored
from tests.roles.products import stored as stored_product
from tests.support.aws import Answer, Api, make_user
from tests.support.graphql import codes, data, send, write
from tests.support.people import Person, Work
from tests.unit.orders.orders import line, placed

ROWS = (1, 10, 100)


def placed_by(customer_id: str, product_id: str) -> Placed:
    return replace(placed(replace(line(), product_id=product_id)), order_id=ids.new_id(), customer_id=customer_id)


def add_posts(count: int, name: str) -> None:
    """Store public posts, products and orders, each of a user of its own."""
    for n in range(count):
        user = make_user(f"{name}{n}")
        transactions.write(put=stored(ids.new_id(), user.id, f"{name}-{n}", visibility=Visibility.PUBLIC))
        latest.refresh(user.id)
        product_id = ids.new_id()
        transactions.write(put=stored_product(product_id, f"{name}-{n}"))
        order = fold([placed_by(user.id, product_id)])
        entry_item(order, None).save()
        latest_orders.add(order)


LISTS = {
    "Query.users": "{ users(limit: 100) { id name email createdAt } }",
    "Query.posts": "{ posts(limit: 100) { title author { username name } content contentHtml } }",
    "PostPage.nodes": "{ postsPage(first: 100) { nodes { title author { username createdAt } content } nextCursor } }",
    "ProductPage.nodes": "{ products(first: 100) { nodes { sku stock price { amount currency } } nextCursor } }",
    "OrderPage.nodes": "{ orders(first: 100) { nodes { number customer { name } } nextCursor } }",
    "Order.lines": "{ orders(first: 100) { nodes { lines { sku product { name } total { amount } } } } }",
    "User.orders": "{ users(limit: 100) { name orders(limit: 1) { number customer { username } } } }",
    "User.posts": "{ users(limit: 100) { name posts(limit: 1) { title author { name createdAt } content } } }",
}


def rows_of(found: Any) -> int:
    """The number of rows of the longest list, and of the lists in it."""
    if isinstance(found, dict):
        return sum(map(rows_of, found.values()))
    return len(found) + sum(map(rows_of, found)) if isinstance(found, list) else 0


@pytest.mark.exhaustive
def test_lists_take_as_many_table_calls_for_100_rows_as_for_one(admin: Person, work: Work) -> None:
    costs: dict[str, list[dict[str, int]]] = {name: [] for name in LISTS}
    before = 0
    for rows in ROWS:
        add_posts(rows - before, f"of{rows}x")
        before = rows
        data(admin.api, "{ __typename }")  # the authorizer fetches its keys again now and then
        for name, query in LISTS.items():
            answer, cost = work.of(partial(send, admin.api, query))
            assert "errors" not in answer.json, answer.body
            assert rows_of(answer.json["data"]) >= rows * (
                2 if name in {"User.posts", "User.orders", "Order.lines"} else 1
            )
            costs[name].append(cost)
    # A product has two items, and BatchGetItem takes 100: a hundred products take two calls where fifty take one.
    for name in ("ProductPage.nodes", "Order.lines"):
        costs[name][-1]["BatchGetItem"] -= 1
    for name, (one, ten, hundred) in costs.items():
        assert one == ten == hundred, name
    (calls,) = {cost["BatchGetItem"] for cost in costs["User.posts"]}
    (bare,) = {cost["BatchGetItem"] for cost in costs["Query.users"]}
    assert calls == bare + 4  # the latest posts, the posts, their authors, and their content
    (calls,) = {cost["BatchGetItem"] for cost in costs["User.orders"]}
    assert calls == bare + 3  # the latest orders, the orders, and their customers


def test_every_list_of_the_schema_is_tried() -> None:
    lists = {
        f"{kind.name}.{name}"
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        if is_list_type(get_nullable_type(field.type)) and isinstance(get_named_type(field.type), GraphQLObjectType)
    }
    assert lists == LISTS.keys()


def test_the_posts_of_one_user_take_as_many_calls_for_20_as_for_one(author: Person, work: Work) -> None:
    costs: list[dict[str, int]] = []
    for count in (1, 10, 20):
        while len(data(author.api, "{ me { posts(limit: 20) { id } } }")["me"]["posts"]) < count:
            write(author, published=True)
        answer, cost = work.of(lambda: send(author.api, "{ me { posts(limit: 20) { title author { name } } } }"))
        assert len(answer.json["data"]["me"]["posts"]) >= count
        costs.append(cost)
    assert len({cost["BatchGetItem"] for cost in costs}) == 1
    assert all(cost["Query"] <= len(State) + 1 for cost in costs)  # all of them may be in one of the lists


def test_the_content_of_posts_is_read_only_if_it_is_selected(api: Api, work: Work) -> None:
    add_posts(3, "some")
    _, bare = work.of(lambda: send(api, "{ posts { title author { name } } }"))
    _, one = work.of(lambda: send(api, "{ posts { title content } }"))
    _, both = work.of(lambda: send(api, "{ posts { title content contentHtml author { name } } }"))
    assert one["BatchGetItem"] == bare["BatchGetItem"] + 1
    assert both["BatchGetItem"] == bare["BatchGetItem"] + 2


def test_objects_that_are_named_several_times_are_read_once(admin: Person, work: Work) -> None:
    user_ids = [make_user(f"user{n}").id for n in range(9)]

    def query(count: int) -> Answer:
        fields = " ".join(f'u{n}: user(id: "{user_ids[n]}") {{ name }}' for n in range(count))
        return send(admin.api, f"{{ {fields} }}")

    (_, one), (_, nine) = work.of(lambda: query(1)), work.of(lambda: query(9))
    assert one == nine


def test_content_that_has_changed_since_the_post_was_read_is_not_shown(
    author: Person, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = write(author, published=True)
    read = repository.texts_of

    def change_first(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(repository, "texts_of", read)
        author.api.patch(f"/v1/posts/{post['id']}", {"content": "Secret.", "visibility": "private"})
        return read(*arguments, **options)

    monkeypatch.setattr(repository, "texts_of", change_first)
    answer = send(api, "{ posts { title content } }")
    assert answer.json["data"] == {"posts": [{"title": "Hello, world", "content": None}]}
    assert codes(answer) == [("CONFLICT", "posts.0.content")]
    assert data(api, "{ posts { title } }") == {"posts": []}
