"""Loaders: what the objects of a list need is read in one batch, however many there are."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from aiodataloader import DataLoader

from lamina.access.policy import Caller
from lamina.orders import latest as latest_orders
from lamina.orders import listing as orders
from lamina.posts import latest, reading
from lamina.posts.model import ContentForm
from lamina.products import reading as products
from lamina.users import service as users

MAX_BATCH = 100
"""BatchGetItem takes 100 keys (DynamoDB API reference)."""


class Loaders:
    """The loaders of one request, each with a cache of its own. A missing object is None."""

    def __init__(self, reader: Caller | None) -> None:
        """Create the loaders of a caller; None if nobody is signed in."""
        self.users = _loader(users.get_many)
        """Users by id, including deleted ones."""
        self.posts = _loader(lambda post_ids: reading.get_many_known(list(post_ids), reader))
        """Posts that the caller may know of, by id."""
        self.latest = _loader(lambda author_ids: latest.latest_of(author_ids, reader))
        """Ids of the latest posts of an author that the caller may see; None if there are none."""
        self.latest_orders = _loader(latest_orders.latest_of)
        """Ids of the latest orders of a customer; None if there are none. Resolvers check who may see them."""
        self.orders = _loader(lambda order_ids: orders.get_many(list(order_ids)))
        """Orders as lists show them, by id. Resolvers check who may see them."""
        self.products = _loader(lambda product_ids: products.get_readable(product_ids, reader))
        """Products that the caller may read, by id."""
        self.sources = _loader(lambda posts: reading.get_texts(posts, ContentForm.SOURCE))
        """Markdown of posts that were read for the caller; None if it has changed since."""
        self.html = _loader(lambda posts: reading.get_texts(posts, ContentForm.HTML))
        """The same, rendered."""


def _loader[K, V](read: Callable[[Collection[K]], Mapping[K, V]]) -> DataLoader[K, V | None]:
    async def load(keys: list[K]) -> list[V | None]:
        found = await asyncio.to_thread(read, keys)
        return [found.get(key) for key in keys]

    return DataLoader(load, max_batch_size=MAX_BATCH)
