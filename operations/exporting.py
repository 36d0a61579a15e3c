"""Reads all objects of a subject, through its lists: what `make export` writes."""

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any

from pydantic import BaseModel

from lamina import ids
from lamina.orders import schemas as orders_schemas
from lamina.orders import store
from lamina.orders.errors import OrderNotFound
from lamina.orders.items import settled_partitions, unsettled_partitions
from lamina.posts import repository as posts_repository
from lamina.posts.items import CREATED, list_partitions
from lamina.posts.model import ContentForm, State
from lamina.products import items as product_items
from lamina.products import repository as products_repository
from lamina.products import schemas as products_schemas
from lamina.products.model import State as ProductState
from lamina.storage.keys import identifier_of
from lamina.storage.sharded_list import Source, read
from lamina.users.iteration import iterate
from lamina.users.queries import UserQuery
from lamina.users.schemas import UserView

STEP = 100
PRODUCTS = 50
"""Products of one call: each is two items."""


def users() -> Iterator[dict[str, Any]]:
    """Yield all users, deleted ones last."""
    until = ids.now()
    for deleted in (False, True):
        for found in iterate(UserQuery(deleted=deleted, private=True), until):
            yield from (_plain(UserView.model_validate(user)) for user in found)


def posts() -> Iterator[dict[str, Any]]:
    """Yield all posts, with their source; drafts and private posts too."""
    for state in State:
        for post_ids in batched(_listed(*list_partitions(CREATED, state)), STEP, strict=False):
            found = posts_repository.get_many(post_ids).values()
            texts = posts_repository.texts_of(found, ContentForm.SOURCE)
            for post in found:
                yield {
                    "id": post.id,
                    "author_id": post.author_id,
                    "title": post.title,
                    "slug": post.slug,
                    "tags": list(post.tags),
                    "visibility": post.visibility,
                    "published": post.published_at is not None,
                    "published_at": post.published_at,
                    "content": texts.get(post) or _content(post.id),
                    "version": post.version,
                    "created_at": post.created_at,
                    "updated_at": post.updated_at,
                }


def products() -> Iterator[dict[str, Any]]:
    """Yield all products with their stock, inactive ones too."""
    for state in ProductState:
        partitions = product_items.list_partitions(product_items.CREATED, state)
        for product_ids in batched(_listed("gsi1", partitions), PRODUCTS, strict=False):
            found = products_repository.get_many(product_ids).values()
            yield from (_plain(products_schemas.view(product)) for product in found)


def orders() -> Iterator[dict[str, Any]]:
    """Yield all orders, those that are not settled first; one that is settled meanwhile may be there twice."""
    for partitions in (unsettled_partitions(), settled_partitions()):
        for order_id in _listed("gsi1", partitions):
            try:
                yield _plain(orders_schemas.view(store.load(order_id)))
            except OrderNotFound:
                continue


def _content(post_id: str) -> str:
    """Return the source of a post that was written after it was read; empty if it is gone."""
    found = posts_repository.get_with(post_id, ContentForm.SOURCE)
    return found[1][ContentForm.SOURCE] if found else ""


def _listed(index: str, partitions: Sequence[str]) -> Iterator[str]:
    """Yield the ids of a list, the oldest first."""
    after, more = "", True
    while more:
        chunk = read(Source(index, partitions), STEP, descending=False, after=after)
        yield from map(identifier_of, chunk.items)
        after, more = chunk.last, chunk.more


def _plain(view: BaseModel) -> dict[str, Any]:
    return view.model_dump(mode="json")
